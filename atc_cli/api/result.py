"""What a backtest gives a notebook."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atc_cli.api.frames import of_columns
from atc_cli.disk.atomic import write_atomically
from atc_cli.domain.results.backtest import BacktestResult
from atc_cli.reporting.backtest_documents import backtest_json
from atc_cli.reporting.backtest_html import backtest_html
from atc_cli.reporting.backtest_rows import bar_columns, trade_columns

if TYPE_CHECKING:
    from pandas import DataFrame, Series  # type: ignore[import-untyped]


@dataclass(frozen=True, slots=True)
class Backtest:
    """What `backtest` returns. Times are UTC, of bars when they open; money is in the quote currency."""

    result: BacktestResult

    @property
    def bars(self) -> "DataFrame":
        """One row per bar: equity, cash, gross, net, held, turnover, drawdown_frac, benchmark, at its close."""
        return of_columns(bar_columns(self.result)).set_index("bar_time")

    @property
    def equity(self) -> "Series":
        """The equity at the close of every bar."""
        return self.bars["equity"]

    @property
    def trades(self) -> "DataFrame":
        """One row per trade, with the columns of `--trades FILE.csv`."""
        return of_columns(trade_columns(self.result))

    @property
    def metrics(self) -> "DataFrame":
        """One row per metric, by key: title, unit, value (missing where it is not defined), period, warning."""
        import pandas as pd

        rows = {key: asdict(metric) for key, metric in self.result.whole.metrics.items()}
        return pd.DataFrame.from_dict(rows, orient="index").drop(columns="key").astype({"value": "float64"})

    @property
    def document(self) -> dict[str, Any]:
        """What `atc backtest --output json` says."""
        document: dict[str, Any] = json.loads(backtest_json(self.result))
        return document

    def report(self, file: str | Path | None = None) -> str:
        """The page of `--output html`, which opens without a network; written to `file` too, if given."""
        page = backtest_html(self.result)
        if file is not None:
            write_atomically(Path(file), page.encode())
        return page
