import io
import json

import numpy as np
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from atc_cli.domain.results.explain import Series
from atc_cli.reporting.series import series_csv, series_json, series_parquet
from tests.helpers.reported import ESCAPE, HEADER, series


def from_csv(given):
    table = pyarrow.csv.read_csv(io.BytesIO(series_csv(given).encode()))
    return {name: table.column(name).to_numpy() for name in table.column_names}


def from_json(given):
    columns = json.loads(series_json(given, "X", HEADER))["columns"]
    return {name: np.array([np.nan if each is None else each for each in column]) for name, column in columns.items()}


def from_parquet(given):
    table = pq.read_table(io.BytesIO(series_parquet(given, "X", HEADER)))
    return {name: table.column(name).to_numpy() for name in table.column_names}


@pytest.mark.parametrize("read", [from_csv, from_json, from_parquet])
def test_every_value_reads_back_to_the_same_bits(read):
    given = series()
    back = read(given)
    assert list(back) == ["timestamp", "EMA_Signal", "Average_Signal"]
    assert back["timestamp"].dtype == np.int64
    np.testing.assert_array_equal(back["timestamp"], given.timestamp)
    for name, column in given.columns.items():
        defined = ~np.isnan(column)
        assert back[name].dtype == np.float64
        np.testing.assert_array_equal(np.isnan(back[name]), ~defined)
        assert back[name][defined].tobytes() == column[defined].tobytes()


@pytest.mark.parametrize("read", [from_csv, from_json, from_parquet])
def test_random_bit_patterns_read_back(read):
    bits = np.random.default_rng(7).integers(0, 2**63, 2000, np.uint64)
    values = bits.view(np.float64)
    values = values[np.isfinite(values)]
    given = Series(np.arange(len(values), dtype=np.int64), {"direction": values, "long": -values})
    back = read(given)
    assert back["direction"].tobytes() == values.tobytes()
    assert back["long"].tobytes() == (-values).tobytes()


def test_the_csv_is_plain():
    assert series_csv(series()).splitlines()[:3] == [
        "timestamp,EMA_Signal,Average_Signal",
        "1761206400000,,123456789.12345679",
        "1761210000000,-0.0,1e-07",
    ]


def test_json_and_parquet_say_what_the_series_is_of():
    document = json.loads(series_json(series(), ESCAPE, HEADER))
    table = pq.read_table(io.BytesIO(series_parquet(series(), ESCAPE, HEADER)))
    for said in (document, json.loads(table.schema.metadata[b"atc.series"])):
        assert (said["schema"], said["symbol"], said["dialect"]) == ("atc.series/1", ESCAPE, "lts")
        assert said["params_hash"] == HEADER.params_hash


def test_an_empty_series_is_still_a_table():
    empty = Series(np.array([], np.int64), {"Average_Signal": np.array([], np.float64)})
    assert series_csv(empty) == "timestamp,Average_Signal\n"
    assert from_parquet(empty)["Average_Signal"].size == 0
    assert from_json(empty)["timestamp"].size == 0
