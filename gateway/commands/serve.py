"""Run the gateway until SIGTERM or Ctrl-C."""

import argparse
import logging

from gateway.commands.flags import add_settings, settings_of
from gateway.commands.run import run
from gateway.commands.serving import serve
from gateway.commands.workers import supervise
from gateway.web import logs

DESCRIPTION = """
Run the gateway until SIGTERM or Ctrl-C. It needs only --upstream and prints its address when it listens.
Settings come from flags, the environment (GATEWAY_...) and a TOML file; the earlier one wins.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of the command."""
    parser.description = DESCRIPTION
    add_settings(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Serve; status 0 after an orderly stop, 1 when it cannot begin, 2 for wrong settings."""
    settings, warnings = settings_of(arguments, needs_upstream=True)
    logs.configure(settings)
    for warning in warnings:
        logging.getLogger(__name__).warning("%s", warning)
    if settings.workers > 1:
        return supervise(settings)
    return run(serve(settings, lambda url, _: print(f"listening on {url}", flush=True)))
