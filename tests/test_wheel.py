"""An installed wheel, not only a checkout, scans with a preset."""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from filelock import FileLock

from tests.conftest import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]
REPORTING = ROOT / "atc_cli" / "reporting"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an empty environment with the wheel in it; third-party packages are borrowed."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "maturin", "build", "--release", "--locked", "--out", str(folder)]
    # Another core may build at the same time, and both in one folder.
    with FileLock(tmp_path_factory.getbasetemp().parent / "wheel.lock"):
        subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "env", with_pip=True)
    python = folder / "env" / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--no-index", "--no-deps", "--quiet", str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    (site,) = (folder / "env" / "lib").glob("python3*/site-packages")
    # A .pth line adds the folder but not the .pth files in it, so the checkout itself stays out of reach.
    (site / "borrowed.pth").write_text(f"{_third_party()}\n")
    return folder / "env" / "bin"


def _third_party() -> Path:
    import numpy

    return Path(numpy.__file__).parents[1]


def run(program: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("ATC_", "PYTHON", "XDG_"))}
    clean["HOME"] = str(cwd)
    return subprocess.run([str(program), *arguments], cwd=cwd, env=clean, capture_output=True, text=True, check=False)


def test_the_package_comes_from_the_wheel_and_not_from_the_checkout(installed: Path, tmp_path: Path) -> None:
    code = "import atc_cli, atc_cli._kernels; print(atc_cli.__file__, atc_cli._kernels.__file__)"
    done = run(installed / "python", "-c", code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(str(installed.parent)) == 2


def test_an_installed_wheel_finds_its_cuda_kernels(installed: Path, tmp_path: Path) -> None:
    code = "from atc_cli.engine.cuda.sources import source; print(source().count('__launch_bounds__('))"
    done = run(installed / "python", "-c", code, cwd=tmp_path)
    assert (done.returncode, done.stdout.strip()) == (0, "6"), done.stderr


@pytest.mark.parametrize("preset", ["scalping", "intraday", "swing", "tradingview"])
def test_an_installed_wheel_scans_with_each_preset(installed: Path, tmp_path: Path, preset: str) -> None:
    done = run(installed / "atc", "scan", "--exchange", "demo", "--preset", preset, "--output", "json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["preset"] == preset
    assert document["backend"]["name"] == "rust"
    assert document["rows"]


def test_an_installed_wheel_is_healthy(installed: Path, tmp_path: Path) -> None:
    done = run(installed / "atc", "doctor", cwd=tmp_path)
    assert done.returncode == 0, done.stdout


def test_the_style_and_the_script_of_a_page_are_in_the_wheel(installed: Path, tmp_path: Path) -> None:
    done = run(installed / "atc", "scan", "--exchange", "demo", "--output", "html", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "prefers-color-scheme" in done.stdout
    assert "addEventListener" in done.stdout


def test_an_installed_wheel_holds_all_that_its_pages_are_made_of(installed: Path, tmp_path: Path) -> None:
    names = sorted(
        str(file.relative_to(REPORTING))
        for file in REPORTING.rglob("*")
        if file.is_file() and file.suffix in (".js", ".css", "") and "__pycache__" not in file.parts
    )
    assert "lightweight_charts/NOTICE" in names
    code = f"from atc_cli.reporting.page import asset; print(sum(len(asset(name)) > 80 for name in {names}))"
    done = run(installed / "python", "-c", code, cwd=tmp_path)
    assert done.stdout.strip() == str(len(names)), done.stderr
