"""What is installed beside our libraries does not slow them down by being there."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from atc_cli.libraries import leaving_out
from tests.conftest import ROOT

READS_A_FILE = """
from pathlib import Path
from atc_cli.data.files.candle_file import read_candles
stamps, values = read_candles(Path(given))
assert len(stamps) == 2
"""
WRITES_A_FILE = """
import numpy as np
from atc_cli.domain.panel import Candles
from atc_cli.reporting.cache import candles_parquet
times = np.arange(2) * 3_600_000
candles_parquet(Candles(exchange="demo", symbol="A", timeframe="1h", timestamp=times, values=np.ones((5, 2))))
"""
PACKS = """
import numpy as np
from atc_cli.data.store.codec import pack, unpack
array = np.arange(9)
assert (unpack(memoryview(pack(array)), array.dtype, array.shape) == array).all()
"""
# One thread: with several pyarrow 26 aborts at exit, about one process in ten, without atc too.
THEN_PANDAS = """
import io, pandas
table = io.BytesIO()
pandas.DataFrame({"a": [1.5, 2.5], "b": ["x", None]}).to_parquet(table)
assert pandas.read_parquet(table, use_threads=False)["a"].tolist() == [1.5, 2.5]
"""


def loaded(script: str, given: object = "") -> set[str]:
    """The packages that a process has loaded once it has run a script."""
    after = "\nimport sys; print(*{name.partition('.')[0] for name in sys.modules})"
    command = [sys.executable, "-c", f"given = {str(given)!r}\n{script}{after}"]
    return set(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split())


@pytest.fixture
def candles(tmp_path: Path) -> Path:
    file = tmp_path / "AUSDT-1h.csv"
    file.write_text("timestamp,open,high,low,close,volume\n0,1,1,1,1,1\n3600000,1,1,1,1,1\n")
    return file


def test_files_of_candles_are_read_and_written_without_pandas(candles: Path) -> None:
    assert find_spec("pandas") is not None
    assert "pandas" in loaded("import pyarrow; pyarrow.array([1])"), "there is nothing to avoid any more"
    for script in (READS_A_FILE, WRITES_A_FILE):
        packages = loaded(script, candles)
        assert "pyarrow" in packages
        assert not packages & {"pandas", "cloudpickle"}


def test_the_store_is_read_without_the_command_line_of_another_library() -> None:
    assert find_spec("click") is not None
    assert "click" in loaded("import blosc2"), "there is nothing to avoid any more"
    packages = loaded(PACKS)
    assert "blosc2" in packages
    assert not packages & {"click", "pygments"}


def test_pandas_works_after_that(candles: Path) -> None:
    assert "pandas" in loaded(READS_A_FILE + THEN_PANDAS, candles)


def test_a_module_is_away_for_a_block_only_and_only_that_one() -> None:
    with pytest.raises(ModuleNotFoundError, match="not wanted"), leaving_out("antigravity"):
        import antigravity  # noqa: F401
    with leaving_out("antigravity"):
        assert find_spec("wave") is not None
    assert find_spec("antigravity") is not None
