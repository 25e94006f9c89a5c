"""Results to DataFrames. The only importer of pandas, with `result.py`."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from atc_cli.domain.results.explain import ExplainResult
from atc_cli.domain.results.scan import ScanResult
from atc_cli.reporting.backtest_rows import TIME
from atc_cli.reporting.documents import plain
from atc_cli.reporting.explain import explain_document
from atc_cli.reporting.scan_documents import flat_fields, scan_document, utf8

if TYPE_CHECKING:
    from pandas import DataFrame  # type: ignore[import-untyped]

_TYPES = {"text": "str", "whole": "Int64", "number": "float64", "flag": "boolean"}


def of_scan(result: ScanResult) -> "DataFrame":
    """Rows with the columns of CSV, the rest of the document beside them."""
    import pandas as pd

    columns = {}
    for each in flat_fields(result.header):
        values = utf8(map(each.read, result.rows))
        if each.type == "time":
            columns[each.name] = pd.Series(pd.to_datetime(pd.array(values, "Int64"), unit="ms", utc=True))
        else:
            columns[each.name] = pd.Series(values, dtype=_TYPES[each.type])
    frame = pd.DataFrame(columns)
    document = scan_document(result)
    del document["rows"]
    frame.attrs = _attributes(document)
    return frame


def of_explain(result: ExplainResult) -> "DataFrame":
    """Every bar by its opening time, the document of the last one beside them."""
    import pandas as pd

    times = pd.to_datetime(result.series.timestamp, unit="ms", utc=True)
    frame = pd.DataFrame(dict(result.series.columns), index=pd.DatetimeIndex(times, name="time"))
    frame.attrs = _attributes(explain_document(result))
    return frame


def of_columns(columns: Iterable[tuple[str, str, Any]]) -> "DataFrame":
    """Columns of names, kinds and values."""
    import pandas as pd

    def shown(kind: str, values: Any) -> Any:
        return pd.to_datetime(values, unit="ms", utc=True) if kind == TIME else values

    return pd.DataFrame({name: shown(kind, values) for name, kind, values in columns})


def _attributes(document: Mapping[str, object]) -> dict[Any, Any]:
    found = plain(document)
    assert isinstance(found, dict)
    return found
