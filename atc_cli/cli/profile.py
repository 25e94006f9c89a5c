"""`atc profile`: the report to stdout, or to stderr where the profiled command has stdout; files beside each other."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from atc_cli.cli.shared import progress
from atc_cli.cli.terminal import say, write
from atc_cli.disk.atomic import write_atomically
from atc_cli.errors import ExitCode, UsageError
from atc_cli.settings.profile import ProfileSettings

if TYPE_CHECKING:
    from atc_cli.commands.profile import Outcome


def run(settings: ProfileSettings, command: list[str]) -> int:
    """Profile a command, or compare two profiles."""
    from atc_cli.commands import profile

    if settings.compare:
        return _compare(command)
    if settings.pid is not None and command:
        raise UsageError("--pid looks at a process that runs already", "give a command or --pid")
    from atc_cli.cli.wiring import profile_ports

    ports = profile_ports(progress(quiet=True), settings.out)
    stdin = sys.stdin.buffer.read() if sys.stdin is not None and "-" in command else None
    outcome = profile.run(settings, command, ports, stdin=stdin)
    _report(outcome, words=bool(command))
    return _code(outcome, settings, typed=bool(command))


def _report(outcome: "Outcome", *, words: bool) -> None:
    from atc_cli.reporting.profile import opening_line, profile_lines

    lines = [*profile_lines(outcome.result), "", opening_line(outcome.result, _write_files(outcome))]
    if words:
        say(line for line in lines if line)
    else:
        write("".join(f"{line}\n" for line in lines), None)


def _write_files(outcome: "Outcome") -> dict[str, Path]:
    """Everything that was found, by kind."""
    from atc_cli.reporting import flame
    from atc_cli.reporting.profile import profile_json

    result = outcome.result
    contents: dict[str, tuple[str, str | bytes]] = {"json": (".json", profile_json(result))}
    if result.sampled is not None:
        title = f"atc {' '.join(result.arguments)} · {result.revision}"
        samples = result.sampled.samples
        contents["svg"] = (".svg", flame.flame_svg(samples, title, result.sampled.conditions))
        contents["speedscope"] = (".speedscope.json", flame.speedscope_json(samples, title))
    if outcome.pstats is not None:
        contents["pstats"] = (".pstats", outcome.pstats)
    files = {kind: outcome.base.with_name(outcome.base.name + suffix) for kind, (suffix, _) in contents.items()}
    for kind, (_, content) in contents.items():
        write_atomically(files[kind], content.encode(errors="replace") if isinstance(content, str) else content)
    return files


def _code(outcome: "Outcome", settings: ProfileSettings, *, typed: bool) -> int:
    """That of the command where it is asked for; raises what could not be done once all else is."""
    if outcome.result.interrupted:
        return ExitCode.INTERRUPTED
    if settings.exit_code and typed:
        return outcome.result.code
    if outcome.failure is not None:
        raise outcome.failure
    return ExitCode.OK


def _compare(files: list[str]) -> ExitCode:
    from atc_cli.commands.profile_compare import compared
    from atc_cli.reporting.profile import comparison_lines

    if len(files) != 2:
        raise UsageError(f"--compare takes two files, not {len(files)}", "atc profile --compare OLD NEW")
    comparison = compared(*(Path(each).expanduser() for each in files))
    write("".join(f"{line}\n" for line in comparison_lines(comparison)), None)
    return ExitCode.OK
