"""The command line: `stalwart-gateway serve | check | routes | simulate | demo`."""

import argparse
import sys
from collections.abc import Sequence
from types import ModuleType

from gateway import __version__
from gateway.commands import check, demo, routes, serve, simulate
from gateway.settings import SettingsError

COMMANDS: dict[str, ModuleType] = {"serve": serve, "check": check, "routes": routes, "simulate": simulate, "demo": demo}
WRONG_SETTINGS = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its status, or 2 when the settings are wrong, as for wrong flags."""
    parsed = _parser().parse_args(arguments)
    try:
        status: int = parsed.execute(parsed)
    except SettingsError as error:
        for problem in error.problems:
            print(f"stalwart-gateway: {problem}", file=sys.stderr)
        return WRONG_SETTINGS
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="stalwart-gateway",
        description="Keeps clients of Stalwart's old REST management API (v0.11 to v0.15) working on a server of v0.16 or newer, which speaks only JMAP.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, module in COMMANDS.items():
        command = commands.add_parser(name, help=(module.__doc__ or "").partition("\n")[0])
        module.add_arguments(command)
        command.set_defaults(execute=module.execute)
    return parser
