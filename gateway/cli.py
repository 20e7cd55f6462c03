"""The command line: `stalwart-gateway serve | check | routes | settings | simulate | demo`."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from gateway import __version__
from gateway.settings import SettingsError

COMMANDS = {
    "serve": "run the gateway until SIGTERM or Ctrl-C",
    "check": "say in plain words whether settings, new server, credentials and state are right",
    "routes": "list every operation of the old API, what it needs, and what answers it",
    "settings": "say what the settings of old servers are on the new one",
    "simulate": "run a simulated mail server of v0.16 in memory, for trying things out",
    "demo": "run a gateway with a simulated server and sample mail, to try it out",
}
WRONG_SETTINGS = 2
NOT_READ = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its status, or 2 when the settings are wrong, as for wrong flags."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    parsed = _parser(next((word for word in given if word in COMMANDS), None)).parse_args(given)
    try:
        status: int = parsed.execute(parsed)
    except SettingsError as error:
        for problem in error.problems:
            print(f"stalwart-gateway: {problem}", file=sys.stderr)
        return WRONG_SETTINGS
    except BrokenPipeError:  # whoever read the output has seen enough; what is left in it must not fail again at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOT_READ
    return status


def _parser(chosen: str | None) -> argparse.ArgumentParser:
    """Parser of all commands; only the chosen one is loaded, because a serving process needs no simulator."""
    parser = argparse.ArgumentParser(
        prog="stalwart-gateway",
        description="Keeps clients of Stalwart's old REST management API (v0.11 to v0.15) working on a server of v0.16 or newer, which speaks only JMAP.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, meaning in COMMANDS.items():
        command = commands.add_parser(name, help=meaning)
        if name == chosen:
            module = import_module(f"gateway.commands.{name}")
            module.add_arguments(command)
            command.set_defaults(execute=module.execute)
    return parser
