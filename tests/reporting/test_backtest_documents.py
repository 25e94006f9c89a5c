import csv
import io
import json
import math
from dataclasses import fields, replace
from datetime import datetime

import numpy as np
import pyarrow.parquet as pq
import pytest

from atc_cli.domain.results.backtest import BACKTEST_SCHEMA
from atc_cli.domain.rules import Reason
from atc_cli.reporting import backtest_documents as documents
from atc_cli.reporting.text import hidden, printable
from tests.conftest import ROOT
from tests.helpers.backtests import CHECKS, COSTS, SKIPPED, backtest, hostile, split, without_trades
from tests.helpers.reported import HOSTILE

RESULT = backtest()


def ms(text: str) -> int:
    assert text.endswith("+00:00")
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_document_has_exactly_these_keys_in_this_order():
    document = json.loads(documents.backtest_json(RESULT))
    assert document["schema"] == BACKTEST_SCHEMA == "atc.backtest/1"
    assert list(document) == [
        "schema", "generated_at", "exchange", "market", "simulated", "timeframe", "bars", "include_open", "dialect",
        "preset", "modified", "params", "params_hash", "backend", "bar_time", "bar_close_time", "data_age_ms",
        "warnings", "interrupted", "start", "end", "bar_ms", "year_days", "anchor", "rules", "costs", "capital",
        "benchmark", "figures", "parts", "account", "checks", "coverage", "symbols", "notes", "skipped", "equity",
        "trades", "timings_ms",
    ]  # fmt: skip
    assert document["costs"] == {
        "fee_frac": COSTS.fee_frac,
        "slippage_frac": COSTS.slippage_frac,
        "funding_frac_per_8h": COSTS.funding_frac_per_8h,
        "said": list(COSTS.said),
    }
    assert document["rules"]["exits"] == {
        "flip": True,
        "neutral": False,
        "stop_atr": 3.0,
        "target_atr": None,
        "bars": None,
    }
    assert [(each["name"], each["ran"], each["passed"]) for each in document["checks"]] == [
        (each.name, each.ran, each.passed) for each in CHECKS
    ]
    assert [each["symbol"] for each in document["skipped"]] == [each.symbol for each in SKIPPED]


def test_every_metric_stands_there_with_its_unit_its_period_and_its_warning_in_the_order_of_their_table():
    figures = json.loads(documents.backtest_json(RESULT))["figures"]
    assert list(figures["metrics"]) == list(RESULT.whole.metrics)
    for key, metric in RESULT.whole.metrics.items():
        assert figures["metrics"][key] == {
            "title": metric.title,
            "unit": metric.unit,
            "value": metric.value,
            "period": metric.period,
            "warning": metric.warning,
        }
    months = [(each["year"], each["month"], each["return_frac"]) for each in figures["months"]]
    assert months == list(RESULT.whole.months)


def test_the_curve_reads_back_to_the_same_bits_with_the_time_at_which_each_bar_opened():
    curve = json.loads(documents.backtest_json(RESULT))["equity"]
    assert [ms(each) for each in curve["bar_time"]] == RESULT.axis_ms.tolist()
    for name in ("equity", "cash", "gross", "net", "held", "turnover"):
        assert curve[name] == getattr(RESULT.account, name).tolist()
    assert curve["benchmark"] == RESULT.benchmark.tolist()


def test_a_drawdown_is_below_the_highest_so_far_and_the_capital_is_among_that():
    account = replace(RESULT.account, capital=100.0, equity=np.array([90.0, 120.0, 60.0, 120.0, 150.0]))
    short = {name: getattr(RESULT.account, name)[:5] for name in ("cash", "gross", "net", "held", "turnover")}
    result = replace(
        RESULT, account=replace(account, **short), axis_ms=RESULT.axis_ms[:5], benchmark=RESULT.benchmark[:5]
    )
    below = [float(each["drawdown_frac"]) for each in rows(documents.backtest_csv(result))]
    assert below == pytest.approx([-0.1, 0.0, -0.5, 0.0, 0.0])


def test_a_trade_says_who_when_and_why_and_its_figures_read_back_to_the_same_bits():
    trades, told = RESULT.account.trades, json.loads(documents.backtest_json(RESULT))["trades"]
    assert len(told) == len(trades) > 100
    for place in (0, 57, len(trades) - 1):
        each = told[place]
        assert each["symbol"] == RESULT.symbols[trades.symbol[place]].symbol
        assert each["side"] == ("LONG" if trades.side[place] > 0 else "SHORT")
        assert each["reason"] == list(Reason)[trades.reason[place]].value
        for name, column in (("decided", trades.decided), ("entry", trades.entry), ("exit", trades.exit)):
            assert ms(each[f"{name}_bar_time"]) == RESULT.axis_ms[column[place]]
        for name in ("entry_price", "exit_price", "quantity", "pnl", "fees", "mae_frac", "mfe_frac", "signal"):
            assert each[name] == getattr(trades, name)[place]
    told_of = {name.removesuffix("_bar_time") for name in told[0]}
    assert told_of == {each.name for each in fields(trades)}


@pytest.mark.parametrize("write", [documents.trades_csv, documents.backtest_csv])
def test_csv_holds_what_json_holds(write):
    document = json.loads(documents.backtest_json(RESULT))
    named = document["equity"] if write is documents.backtest_csv else None
    wanted = [dict(zip(named, row, strict=True)) for row in zip(*named.values(), strict=True)] if named else None
    wanted = wanted or document["trades"]
    found = rows(write(RESULT))
    assert len(found) == len(wanted)
    for got, want in zip(found[:50], wanted, strict=False):
        assert got == {key: repr(value) if isinstance(value, float) else str(value) for key, value in want.items()}


def test_parquet_has_types_and_what_was_tested():
    for write, columns in ((documents.backtest_parquet, 9), (documents.trades_parquet, 16)):
        table = pq.read_table(io.BytesIO(write(RESULT)))
        assert table.num_columns == columns
        said = json.loads(table.schema.metadata[b"atc.backtest"])
        assert said["schema"] == BACKTEST_SCHEMA
        assert "equity" not in said
        times = [field for field in table.schema if field.name.endswith("bar_time")]
        assert {str(each.type) for each in times} == {"timestamp[ms, tz=UTC]"}
    assert table["pnl"].to_pylist() == RESULT.account.trades.pnl.tolist()


def test_nothing_that_is_not_defined_is_a_number():
    curve = np.array([math.nan, math.inf, 1.0])
    short = {name: getattr(RESULT.account, name)[:3] for name in ("cash", "gross", "net", "held", "turnover")}
    figures = replace(RESULT.whole, metrics={}, months=((2024, 1, math.nan),))
    account = replace(RESULT.account, equity=curve, **short)
    result = replace(RESULT, account=account, axis_ms=RESULT.axis_ms[:3], benchmark=curve, whole=figures)
    result = replace(result, account=replace(account, trades=without_trades().account.trades))
    text = documents.backtest_json(result)
    assert "NaN" not in text
    assert "Infinity" not in text
    document = json.loads(text)
    assert document["equity"]["equity"] == [None, None, 1.0]
    assert document["figures"]["months"][0]["return_frac"] is None
    assert [each["equity"] for each in rows(documents.backtest_csv(result))] == ["", "", "1.0"]


def test_a_backtest_without_trades_is_a_document_and_a_table_with_a_head():
    result = without_trades()
    document = json.loads(documents.backtest_json(result))
    assert document["trades"] == []
    assert document["figures"]["metrics"]["win_rate_frac"]["value"] is None
    assert documents.trades_csv(result).count("\n") == 1
    assert pq.read_table(io.BytesIO(documents.trades_parquet(result))).num_rows == 0


def test_the_parts_of_a_split_and_the_moment_of_ruin_are_told():
    result = split(RESULT)
    result = replace(result, account=replace(result.account, ruined_at=7))
    document = json.loads(documents.backtest_json(result))
    assert [each["title"] for each in document["parts"]] == ["first 60%", "last 40%"]
    assert ms(document["account"]["ruined_bar_time"]) == RESULT.axis_ms[7]


def test_a_name_that_would_do_harm_is_harmless_in_every_format():
    result = hostile()
    for write in (documents.backtest_json, documents.backtest_csv, documents.trades_csv):
        assert not [char for char in write(result) if hidden(char) and char != "\n"]
    names = {each["symbol"] for each in rows(documents.trades_csv(result))}
    assert names == set(map(printable, HOSTILE))
    assert {each["symbol"] for each in json.loads(documents.backtest_json(result))["trades"]} == set(HOSTILE)
    stored = set(pq.read_table(io.BytesIO(documents.trades_parquet(result)))["symbol"].to_pylist())
    assert stored == {name.encode("utf-8", "backslashreplace").decode() for name in HOSTILE}


def test_the_readme_names_every_key():
    part = (ROOT / "README.md").read_text().partition("### JSON of a backtest")[2].partition("\n### ")[0]
    document = json.loads(documents.backtest_json(split(RESULT)))
    header = list(document)[: list(document).index("warnings") + 1]
    named = {"schema", *set(document) - set(header)}
    for each in ("rules", "costs", "figures", "account", "anchor", "equity"):
        named |= set(document[each])
    named |= {key for each in ("checks", "coverage", "symbols", "trades") for key in document[each][0]}
    named |= set(document["rules"]["exits"]) | set(document["figures"]["months"][0])
    named |= set(document["figures"]["metrics"]["trades"])
    assert len(named) > 80
    assert [key for key in named if f'"{key}"' not in part] == []
