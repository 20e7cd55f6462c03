"""Measures the gateway against a bare aiohttp reverse proxy in front of the same upstream stub, and against the budgets of the project.

    tools/bench.py [--seconds 3] [--rounds 3] [--out docs/performance.md] [--json] [--only settings|contents|streams]

The process under test has one core to itself, stub and load generator share another. Each round measures every process in turn, so that a
change of the machine's mood meets all of them; the median of the rounds counts. Ends with status 1 when a budget is missed.
"""

import argparse
import asyncio
import json
import statistics
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import uvloop
from measure import contents, streams
from measure.process import CORES, Process, gateway, json_seconds, proxy
from measure.settings import ADDRESSES, ENTRIES, PAGE, dump
from measure.upstream import Upstream, message_number
from measure.wire import Stub, load, request

CONNECTIONS = 32
ACCOUNTS = 8
MESSAGE = f"/api/queue/messages/{message_number(0)}"
SMALL = {
    "small GET": ("GET", MESSAGE, 1),
    "small PATCH, one upstream call": ("PATCH", "/api/queue/status/start", 1),
    "small PATCH, two upstream calls": ("PATCH", f"{MESSAGE}?at=2031-05-01T00:00:00Z", 2),
}
STREAMED = {"messages": "/api/queue/messages?values=1", "accounts": "/api/principal?types=individual&limit=0", "principals of all types": "/api/principal?limit=0"}
STREAMED_LENGTH = 10_000
RATIOS = {"orjson, uvloop": 0.75, "standard library": 0.5}
SLICES = 5
LIST_BUDGET, STREAM_BUDGET_MB, NEIGHBOUR_BUDGET, IDLE_BUDGET_MB, CONTENT_BUDGET_MB, EVENT_BUDGET_MS = 4.0, 2.0, 5.0, 110.0, 3.0, 100.0


@dataclass
class Row:
    """One line of the table: `value` must reach `budget`, from below or above as `at_least` says; None has no budget."""

    what: str
    libraries: str
    value: float
    unit: str
    budget: float | None
    at_least: bool
    how: str

    @property
    def kept(self) -> bool:
        """Whether the budget is kept."""
        if self.budget is None:
            return True
        return self.value >= self.budget if self.at_least else self.value <= self.budget


class Bench:
    """A stub that listens, and measurements of one kind of gateway: with or without the faster libraries."""

    def __init__(self, seconds: float, rounds: int) -> None:
        self.upstream = Upstream()
        self._seconds, self._rounds = seconds, rounds

    async def all(self) -> list[Row]:
        """Every line of the table."""
        server = await asyncio.get_running_loop().create_server(lambda: Stub(self.upstream.answer), "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        rows = []
        for libraries, ratio in RATIOS.items():
            fast = libraries != "standard library"
            rows += await self._small(url, libraries, ratio, fast=fast)
            async with gateway(url, fast=fast) as process:
                rows.append(Row("idle memory", libraries, process.memory_mb(), "MB", IDLE_BUDGET_MB, False, "resident size after start, before the first request"))
                rows.append(await self._list(process, libraries, fast=fast))
            for what, target in STREAMED.items():
                async with gateway(url, fast=fast) as process:  # the stub makes its answers once, which would hold up everybody
                    self.upstream.messages = STREAMED_LENGTH
                    await load(process.port, [request("GET", target, "user1")], seconds=0)
                async with gateway(url, fast=fast) as process:  # what it keeps of one list would hide what the next one takes
                    rows += await self._stream(process, libraries, what, target)
            rows += await self._settings(libraries, fast=fast)
            rows += await self._contents(libraries, fast=fast)
            rows += await self._streams(libraries, fast=fast)
        server.close()
        return rows

    async def settings(self) -> list[Row]:
        """The lines about settings only."""
        return [row for libraries in RATIOS for row in await self._settings(libraries, fast=libraries != "standard library")]

    async def contents(self) -> list[Row]:
        """The lines about large contents only."""
        return [row for libraries in RATIOS for row in await self._contents(libraries, fast=libraries != "standard library")]

    async def streams(self) -> list[Row]:
        """The lines about live streams only."""
        return [row for libraries in RATIOS for row in await self._streams(libraries, fast=libraries != "standard library")]

    async def _small(self, url: str, libraries: str, ratio: float, *, fast: bool) -> list[Row]:
        """Requests per second of CPU against the proxy on the same event loop, and on the standard one."""
        rows = []
        for name, (method, target, calls) in SMALL.items():
            requests = [request(method, target, f"user{number % ACCOUNTS}") for number in range(CONNECTIONS)]
            async with gateway(url, fast=fast) as ours, proxy(url, calls, fast=fast) as peer, proxy(url, calls, fast=False) as plain:
                rates: dict[str, list[float]] = {}
                for _ in range(self._rounds + 1):
                    for who, process in {"ours": ours, "peer": peer, "plain": plain}.items():
                        rates.setdefault(who, []).append(await self._rate(process, requests, self._seconds))
            own, same, standard = (statistics.median(rates[who][1:]) for who in ("ours", "peer", "plain"))
            how = f"{own:.0f} requests per second of CPU, proxy {same:.0f}" + (f"; {own / standard:.2f} × a proxy on the standard event loop" if fast else "")
            rows.append(Row(name, libraries, own / same, "× proxy", ratio, True, how))
        return rows

    async def _rate(self, process: Process, requests: list[bytes], seconds: float) -> float:
        """Answered requests per second of CPU."""
        before = process.cpu_seconds()
        answered = len(await load(process.port, requests, seconds=seconds))
        return answered / (process.cpu_seconds() - before)

    async def _list(self, process: Process, libraries: str, *, fast: bool) -> Row:
        """CPU of one list of 500 messages against decoding the upstream's answers and encoding ours with the same library."""
        self.upstream.messages = 500
        wire = [request("GET", "/api/queue/messages?values=1&limit=500", "user0")]
        await load(process.port, wire, seconds=1)
        self.upstream.served.clear()
        ours = await self._fetch(process.port, wire[0])
        replies = [answer.partition(b"\r\n\r\n")[2] for answer in self.upstream.served]
        spent, plainly = [], []
        for _ in range(SLICES):
            spent.append(1 / await self._rate(process, wire, self._seconds / 2))
            plainly.append(json_seconds(replies, ours, seconds=self._seconds / 2, fast=fast))
        each, plain = statistics.median(spent), statistics.median(plainly)
        how = f"{each * 1000:.1f} ms of CPU for {len(ours) / 1000:.0f} kB, decoding and encoding alone {plain * 1000:.1f} ms"
        return Row("list of 500 messages", libraries, each / plain, "× JSON", LIST_BUDGET, False, how)

    async def _fetch(self, port: int, wire: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(wire)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
        body = await reader.readexactly(length)
        writer.close()
        return body

    async def _stream(self, process: Process, libraries: str, what: str, target: str) -> list[Row]:
        """Memory of one list of 10,000, and what it does to somebody who asks for little at the same time."""
        self.upstream.messages = STREAMED_LENGTH
        long, short = request("GET", target, "user1"), request("GET", MESSAGE, "user2")
        await load(process.port, [request("GET", f"{target}&limit=20", "user1")], seconds=0.1)
        idle = await load(process.port, [short], seconds=self._seconds, pause=0.005)
        before = process.reset_peak_mb()
        busy, _ = await asyncio.gather(load(process.port, [short], seconds=self._seconds, pause=0.005), load(process.port, [long], seconds=self._seconds))
        extra = process.peak_mb() - before
        calm, loaded = (statistics.quantiles(times, n=100)[98] * 1000 for times in (idle, busy))
        return [
            Row(f"memory of a list of 10,000 {what}", libraries, extra, "MB more", STREAM_BUDGET_MB, False, "peak of the resident size over that before, one list after the other"),
            Row(f"neighbour of a list of 10,000 {what}", libraries, loaded / calm, "× idle", NEIGHBOUR_BUDGET, False, f"p99 of a small GET {loaded:.1f} ms, idle {calm:.1f} ms"),
        ]

    async def _settings(self, libraries: str, *, fast: bool) -> list[Row]:
        """All settings of a server with large lists, page by page."""
        took = await dump(fast=fast)
        trips = took.round_trips / took.pages
        how = f"{took.keys} keys with {ENTRIES} look-up entries and {ADDRESSES} blocked addresses, {took.pages} pages of {PAGE}"
        return [
            Row("dump of all settings, round trips", libraries, trips, "a page", None, False, how),
            Row("dump of all settings, time", libraries, took.seconds / took.pages * 1000, "ms a page", None, False, f"{took.seconds:.1f} s for all; {took.cpu_seconds / took.pages * 1000:.0f} ms of the gateway's CPU a page, the rest is the simulated server's and waiting"),
            Row("dump of all settings, memory", libraries, took.memory_mb, "MB more", None, False, "peak of the resident size over that before"),
        ]

    async def _contents(self, libraries: str, *, fast: bool) -> list[Row]:
        """A large content on its way through."""
        size = contents.SIZE / 1_000_000
        rows = []
        for what, passed in {"a blob": contents.download, "an upload": contents.upload}.items():
            took = await passed(fast=fast)
            how = f"peak of the resident size over that before; {size / took.seconds:.0f} MB a second, {took.cpu_seconds:.2f} s of the gateway's CPU"
            rows.append(Row(f"memory of {what} of {size:.0f} MB", libraries, took.memory_mb, "MB more", CONTENT_BUDGET_MB, False, how))
        return rows

    async def _streams(self, libraries: str, *, fast: bool) -> list[Row]:
        """Events on their way through many live streams."""
        took = await streams.live(fast=fast, seconds=max(self._seconds, 2))
        rate = streams.STREAMS * streams.EVENTS_A_SECOND
        how = f"p99 of {took.events} events, median {took.median * 1000:.1f} ms, slowest {took.worst * 1000:.1f} ms; {rate} events a second in all, each {took.cpu_seconds * 1e6:.0f} µs of CPU; {took.memory_kb:.0f} kB a stream"
        return [Row(f"event in one of {streams.STREAMS} live streams", libraries, took.p99 * 1000, "ms", EVENT_BUDGET_MS, False, how)]


def table(rows: list[Row]) -> str:
    """The lines as a Markdown table."""
    lines = ["| What | Libraries | Measured | Budget | |", "|---|---|---|---|---|"]
    for row in rows:
        budget = "" if row.budget is None else f"{'≥' if row.at_least else '≤'} {row.budget:g}{'' if row.kept else ' **missed**'}"
        lines.append(f"| {row.what} | {row.libraries} | {row.value:.2f} {row.unit} | {budget} | {row.how} |")
    return "\n".join(lines)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3, help="length of one measurement")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each process; the median counts")
    parser.add_argument("--out", type=Path, help="document whose table is replaced")
    parser.add_argument("--json", action="store_true", help="print the lines as JSON")
    parser.add_argument("--only", choices=["settings", "contents", "streams"], help="measure this part only, and replace no table")
    arguments = parser.parse_args()
    CORES.stay_beside()
    bench = Bench(arguments.seconds, arguments.rounds)
    parts = {"settings": bench.settings, "contents": bench.contents, "streams": bench.streams}
    rows = uvloop.run(parts.get(arguments.only, bench.all)())
    print(json.dumps([asdict(row) | {"kept": row.kept} for row in rows], indent=1) if arguments.json else table(rows))
    if arguments.out and not arguments.only:
        head, begin, rest = arguments.out.read_text().partition("<!-- bench:begin -->\n")
        tail = rest.partition("<!-- bench:end -->")[2]
        arguments.out.write_text(f"{head}{begin}{table(rows)}\n<!-- bench:end -->{tail}")
    return int(not all(row.kept for row in rows))


if __name__ == "__main__":
    sys.exit(main())
