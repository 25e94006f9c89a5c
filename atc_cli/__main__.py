"""`python -m atc_cli` and the console script: every way out has an exit code and a sentence."""

import sys

try:
    import atexit
    import gc
    import io
    import os
    from contextlib import suppress
    from pathlib import Path
    from typing import NoReturn

    from atc_cli import stages
    from atc_cli.errors import AtcError, ExitCode
except KeyboardInterrupt:  # Ctrl-C before there is anything to interrupt
    sys.exit(130)

# The process ends: what it still holds need not be searched for garbage.
atexit.register(gc.freeze)


def main() -> NoReturn:
    """Run the command line, recorded where `atc profile` started it."""
    if "ATC_PROFILE" in os.environ:
        from atc_cli.profiling.child import recorded

        recorded(_main)
    stages.begin()
    _main()


def _main() -> NoReturn:
    """Ctrl-C is an interrupt, not a traceback, even while modules are being imported."""
    try:
        _prepare_streams()
        code = _run()
    except AtcError as error:
        _complain(str(error), error.hint)
        code = error.code
    except KeyboardInterrupt:
        _complain("interrupted")
        code = ExitCode.INTERRUPTED
    except MemoryError:
        _complain("out of memory", "fewer --bars or fewer symbols need less")
        code = ExitCode.UNAVAILABLE
    except OSError as error:
        code = _cannot_write(error)
    except Exception as error:  # noqa: BLE001 - the last line of defence says what to do
        code = _unexpected(error)
    sys.exit(int(code))


def _prepare_streams() -> None:
    # Started with 2>&-, Python has no stderr; words then go nowhere instead of failing.
    sys.stderr = sys.stderr or Path(os.devnull).open("w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that knows no ▲ shows a ? in its place
            stream.reconfigure(errors="replace")


def _run() -> int:
    gc.disable()  # nothing of what is imported is garbage
    try:
        with stages.stage(stages.STARTUP):
            from atc_cli.cli.app import run
    finally:
        gc.enable()
    code = run()
    if sys.stdout is not None:
        sys.stdout.flush()
    if code == ExitCode.INTERRUPTED:
        _complain("interrupted")
    return code


def _complain(message: str, hint: str | None = None) -> None:
    from atc_cli.cli.terminal import bare, stamp
    from atc_cli.reporting.text import printable

    with suppress(OSError):
        when = stamp()
        parts = [f"atc: {printable(bare(message))}", *([f"     {printable(bare(hint))}"] if hint else [])]
        sys.stderr.write("".join(f"{when}{part}\n" for part in parts))


def _cannot_write(error: OSError) -> ExitCode:
    if os.environ.get("ATC_TRACEBACK"):
        raise error
    from atc_cli.cli.terminal import drop_stdout

    drop_stdout()
    where = f"{os.fsdecode(error.filename)!r}: " if isinstance(error.filename, str | bytes) else ""
    _complain(f"{where}{error.strerror or error}")
    return ExitCode.UNAVAILABLE


def _unexpected(error: Exception) -> ExitCode:
    if os.environ.get("ATC_TRACEBACK"):
        raise error
    _complain(
        f"unexpected {type(error).__name__}: {error}",
        "this is a defect of atc; ATC_TRACEBACK=1 shows where it happened, please report it",
    )
    return ExitCode.UNEXPECTED


if __name__ == "__main__":
    main()
