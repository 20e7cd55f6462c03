"""Run a gateway with a simulated 0.16 server and sample mail, to try it out."""

import argparse
import asyncio
import contextlib
from typing import Any

import aiohttp

from gateway.commands.pair import Pair, pair
from gateway.commands.run import run, stopped
from gateway.simulator.world import Config

DESCRIPTION = """
Start a simulated 0.16 server with sample mail and reports and a gateway for it, both on free loopback ports, print what to try, and stop on
Ctrl-C or after --seconds. Nothing is left behind.
"""
ADMIN = ("admin", "demo")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of the command."""
    parser.description = DESCRIPTION
    parser.add_argument("--seconds", type=float, metavar="N", help="stop by itself after N seconds")


def execute(arguments: argparse.Namespace) -> int:
    """Run the demo; status 0 when it was stopped or its time is over."""
    return run(_demo(arguments.seconds))


async def _demo(seconds: float | None) -> int:
    stop = stopped()
    print("Starting a simulated Stalwart 0.16 server with sample mail, and a gateway for it …", flush=True)
    async with pair(Config(admin=ADMIN, seed="demo"), log_level="warning") as both:
        print(await _introduction(both, seconds), flush=True)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), seconds)
        print("Stopping …", flush=True)
    print("Stopped.", flush=True)
    return 0


async def _introduction(both: Pair, seconds: float | None) -> str:
    """Addresses, credentials and calls that work, made from what the gateway lists."""
    queue = await _asked(both, "/api/queue/messages")
    reports = await _asked(both, "/api/reports/dmarc")
    outgoing = await _asked(both, "/api/queue/reports")
    curl = f"curl -u {':'.join(ADMIN)}"
    messages = f"{both.gateway}/api/queue/messages"
    return f"""
  old API (gateway)      {both.gateway}
  new server (simulated) {both.simulator}
  credentials            {ADMIN[0]} / {ADMIN[1]}
  sample data            {queue["total"]} queued messages, {reports["total"]} DMARC reports received, {outgoing["total"]} reports to be sent

Try, in another terminal:

  {curl} '{messages}?values=1&limit=2'
  {curl} -X PATCH '{messages}/{queue["items"][0]}?at=2031-01-01T00:00:00Z'
  {curl} '{both.gateway}/api/reports/dmarc/{reports["items"][0]}'

{f"Stops by itself after {seconds:g} seconds." if seconds else "Ctrl-C stops it."}"""


async def _asked(both: Pair, path: str) -> dict[str, Any]:
    """The `data` of a call of the old API."""
    headers = {"Authorization": aiohttp.encode_basic_auth(*ADMIN)}
    async with aiohttp.ClientSession(headers=headers) as http, http.get(both.gateway + path) as answer:
        answer.raise_for_status()
        data: dict[str, Any] = (await answer.json())["data"]
        return data
