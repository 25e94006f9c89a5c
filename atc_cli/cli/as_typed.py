"""A command that leaves the parsing of values to options.py."""

from typing import Any


class AsTyped:
    """Mixed into a command: values stay as they were typed, options.py parses them.

    For its own checks of types Typer would import pydantic, which takes a twentieth of a second.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As Typer does, the checks left out."""
        for parameter in self.get_params(ctx):  # type: ignore[attr-defined]
            parameter._runtime_param = self
        return super().parse_args(ctx, args)  # type: ignore[misc,no-any-return]

    def coerce(self, value: Any, **_: Any) -> Any:
        """The value itself."""
        return value
