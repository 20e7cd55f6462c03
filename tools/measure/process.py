"""Processes under test: started on a core of their own, asked for CPU time and memory through /proc."""

import asyncio
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

TICKS = os.sysconf("SC_CLK_TCK")
WITHOUT = "import sys; sys.modules['orjson'] = sys.modules['uvloop'] = None; "
GATEWAY = "import runpy; sys.argv = ['stalwart-gateway', 'serve']; runpy.run_module('gateway', run_name='__main__')"
PROXY = "import runpy; runpy.run_path(sys.argv[0], run_name='__main__')"


class _Cores:
    """The first core is for the process under test, the others are for stub and load generator; with one core all share it."""

    def __init__(self) -> None:
        self.all = sorted(os.sched_getaffinity(0))

    def stay_beside(self) -> None:
        """Keep this process off the measured core."""
        os.sched_setaffinity(0, self.all[1:] or self.all)

    def take(self) -> None:
        """Put the calling process on the measured core."""
        os.sched_setaffinity(0, self.all[:1])


CORES = _Cores()


@dataclass(frozen=True, slots=True)
class Process:
    """A running process that listens on `port`."""

    pid: int
    port: int

    def cpu_seconds(self) -> float:
        """User and system time so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_mb(self) -> float:
        """Resident size."""
        return self._status("VmRSS")

    def reset_peak_mb(self) -> float:
        """Forget the peak of the resident size, and give the present size."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")
        return self.memory_mb()

    def peak_mb(self) -> float:
        """Highest resident size since the last reset."""
        return self._status("VmHWM")

    def _status(self, name: str) -> float:
        found = re.search(rf"{name}:\s+(\d+) kB", Path(f"/proc/{self.pid}/status").read_text())
        return int(found[1]) / 1024 if found else 0.0


def json_seconds(replies: Sequence[bytes], answer: bytes, *, seconds: float, fast: bool) -> float:
    """CPU seconds to decode these replies and to encode that answer with the library that the gateway uses, on the measured core; mean over the time."""
    loads, dumps = (orjson.loads, orjson.dumps) if fast else (json.loads, _dumps)
    value = loads(answer)
    CORES.take()
    began, ends, number = time.process_time(), time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        for reply in replies:
            loads(reply)
        dumps(value)
        number += 1
    spent = time.process_time() - began
    CORES.stay_beside()
    return spent / number


def _dumps(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


@asynccontextmanager
async def gateway(upstream: str, *, fast: bool, **others: str) -> AsyncIterator[Process]:
    """A gateway as people run it, with or without the faster libraries; `others` are settings by the names of their variables."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {"UPSTREAM": upstream, "LISTEN": "127.0.0.1:0", "STATE": f"sqlite+aiosqlite:///{folder}/state.db", **others}
        environment = os.environ | {f"GATEWAY_{name}": value for name, value in settings.items()}
        code = ("import sys; " if fast else WITHOUT) + GATEWAY
        async with started(["-c", code], environment, Path(folder, "log")) as process:
            yield process


@asynccontextmanager
async def proxy(upstream: str, times: int, *, fast: bool) -> AsyncIterator[Process]:
    """The bare reverse proxy, on the same event loop as the gateway it is compared with."""
    program = str(Path(__file__).with_name("proxy.py"))
    code = ("import sys; " if fast else WITHOUT) + "del sys.argv[0]; " + PROXY
    with tempfile.TemporaryDirectory() as folder:
        async with started(["-c", code, program, upstream, str(times)], dict(os.environ), Path(folder, "log")) as process:
            yield process


@asynccontextmanager
async def started(arguments: list[str], environment: dict[str, str], log: Path, *, measured: bool = True) -> AsyncIterator[Process]:
    """A process of this project, on the measured core or beside it, from when it listens until the end of the block."""
    core = CORES.take if measured else CORES.stay_beside
    with log.open("wb") as file:
        running = await asyncio.create_subprocess_exec(sys.executable, *arguments, env=environment, stdout=file, stderr=file, preexec_fn=core)
        try:
            yield Process(running.pid, await _port(running, log))
        finally:
            if running.returncode is None:
                running.terminate()
                await running.wait()


async def _port(running: asyncio.subprocess.Process, log: Path) -> int:
    """The port that the process says it listens on."""
    for _ in range(400):
        if found := re.search(r"http://127\.0\.0\.1:(\d+)", log.read_text()):
            return int(found[1])
        if running.returncode is not None:
            break
        await asyncio.sleep(0.05)
    raise RuntimeError(f"the process did not start:\n{log.read_text()}")
