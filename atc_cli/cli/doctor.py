"""`atc doctor`: the exit code is the verdict."""

from atc_cli.cli.shared import cache_in_force, in_force
from atc_cli.cli.terminal import terminal_width, write
from atc_cli.errors import AtcError, ExitCode
from atc_cli.settings.own import Health


def run(own: Health) -> ExitCode:
    """Check this installation and write what was found."""
    from atc_cli.cli import wiring
    from atc_cli.cli.coefficients import in_force
    from atc_cli.commands import doctor as command
    from atc_cli.reporting.doctor import doctor_json, doctor_table

    checks = command.run(
        wiring.offers(),
        cache_folder=cache_in_force(),
        now_ms=wiring.clock_ms(),
        settings_fault=_settings_fault(),
        coefficients=in_force(),
    )
    as_json = own.json or own.output == "json"
    write(doctor_json(checks) if as_json else doctor_table(checks, width=terminal_width(None)), None)
    return ExitCode.OK if command.healthy(checks) else ExitCode.UNAVAILABLE


def _settings_fault() -> str | None:
    """What is wrong with the settings in force, if anything."""
    from atc_cli.cli import wiring

    try:
        wiring.check_tables(in_force().settings)
    except AtcError as error:
        return str(error)
    return None
