"""Run a simulated mail server of v0.16 in memory, for trying things out."""

import argparse
import json
import socket
import sys
from pathlib import Path
from typing import Any

from aiohttp import web

from gateway.commands.run import reason, run, stopped
from gateway.settings import SettingsError, host_port
from gateway.simulator.server import build
from gateway.simulator.world import Config

DESCRIPTION = """
Run a simulated mail server of v0.16 until Ctrl-C: JMAP management API with its limits and errors, mail queue, reports, tasks.
Everything is in memory and gone afterwards. Mail comes in by POST /.simulator/inject. Never expose it to a network.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of the command."""
    plain = Config()
    parser.description = DESCRIPTION
    parser.add_argument("--listen", metavar="HOST:PORT", default="127.0.0.1:8080", help="where to listen; port 0 lets the system choose (default 127.0.0.1:8080)")
    parser.add_argument("--edition", choices=("oss", "community", "enterprise"), default=plain.edition, help=f"edition of the server (default {plain.edition})")
    parser.add_argument(
        "--admin", metavar="LOGIN:SECRET", default=":".join(plain.admin), help=f"recovery administrator (default {':'.join(plain.admin)})"
    )
    parser.add_argument("--hostname", metavar="NAME", default=plain.host_name, help=f"host name of the server (default {plain.host_name})")
    parser.add_argument("--default-domain", metavar="NAME", default=plain.default_domain, help=f"domain of logins without one (default {plain.default_domain})")
    parser.add_argument("--seed", metavar="PROFILE|FILE", default=plain.seed, help=f"what the server holds at the start (default {plain.seed})")
    parser.add_argument("--faults", metavar="JSON|FILE", help='rules for faults, for example [{"do": "status", "path": "/jmap/", "count": 3}]')


def execute(arguments: argparse.Namespace) -> int:
    """Simulate until told to stop; 1 when it cannot listen, 2 for wrong flags."""
    login, colon, secret = arguments.admin.partition(":")
    if not (login and colon and secret):
        raise SettingsError(["--admin: must be LOGIN:SECRET"])
    try:
        host, port = host_port(arguments.listen)
    except ValueError as error:
        raise SettingsError([f"--listen: {arguments.listen!r}: {error}"]) from None
    chosen: dict[str, Any] = {
        "edition": arguments.edition,
        "admin": (login, secret),
        "host_name": arguments.hostname,
        "default_domain": arguments.default_domain,
        "seed": arguments.seed,
    }
    if arguments.faults:
        chosen["faults"] = _faults(arguments.faults)
    try:
        listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        print(f"stalwart-gateway: cannot listen on {arguments.listen}: {reason(error)}", file=sys.stderr)
        return 1
    return run(_simulate(listening, chosen))


async def _simulate(listening: socket.socket, chosen: dict[str, Any]) -> int:
    stop = stopped()
    host, port = listening.getsockname()[:2]
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    try:
        app = build(Config(public_url=url, **chosen))
    except (ValueError, TypeError) as error:
        print(f"stalwart-gateway: {error}", file=sys.stderr)
        return 2
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.SockSite(runner, listening).start()
    print(f"simulated server listening on {url}, administrator {chosen['admin'][0]}", flush=True)
    await stop.wait()
    await runner.cleanup()
    return 0


def _faults(text: str) -> Any:
    try:
        return json.loads(text if text.lstrip().startswith(("[", "{")) else Path(text).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError([f"--faults: not usable as JSON or as a file of JSON ({error})"]) from None
