"""A dump of all settings, page by page, as backups and migrations take it: of a simulated server with large lists."""

import asyncio
import base64
import json
import os
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measure.process import Process, gateway, started

ENTRIES, ADDRESSES, PAGE = 5000, 2000, 200
_ADMIN = "admin:secret-of-the-dump"
_AT_ONCE = 500
_JOURNAL = 1000


@dataclass(frozen=True, slots=True)
class Dump:
    """What reading every page once took; memory is the peak over what the process held before."""

    keys: int
    pages: int
    round_trips: int
    seconds: float
    cpu_seconds: float
    memory_mb: float


async def dump(*, fast: bool) -> Dump:
    """Read the settings of a server with 5,000 entries in look-up lists and 2,000 blocked addresses in pages of 200."""
    async with _simulator() as server, gateway(f"http://127.0.0.1:{server.port}", fast=fast) as process:
        await _fill(server.port)
        await _json(process.port, "GET", "/api/settings/list?prefix=imap")
        asked = await _requests(server.port)
        before, cpu, began = process.reset_peak_mb(), process.cpu_seconds(), time.monotonic()
        keys: set[str] = set()
        pages, total = 0, 1
        while len(keys) < total:
            pages += 1
            page = (await _json(process.port, "GET", f"/api/settings/list?prefix=&page={pages}&limit={PAGE}"))["data"]
            total = page["total"]
            if not page["items"].keys() - keys:
                raise RuntimeError(f"page {pages} brings nothing new")
            keys |= page["items"].keys()
        seconds, spent = time.monotonic() - began, process.cpu_seconds() - cpu
        return Dump(len(keys), pages, await _requests(server.port) - asked, seconds, spent, process.peak_mb() - before)


async def _requests(port: int) -> int:
    """How many JMAP requests the simulated server has had."""
    journal = await _json(port, "GET", "/.simulator/journal")
    if len(journal) >= _JOURNAL:
        raise RuntimeError("the journal of the simulated server is full")
    return sum(it["path"].startswith("/jmap") for it in journal)


@asynccontextmanager
async def _simulator() -> AsyncIterator[Process]:
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["-m", "gateway", "simulate", "--listen", "127.0.0.1:0", "--admin", _ADMIN]
        async with started(arguments, dict(os.environ), Path(folder, "log"), measured=False) as process:
            yield process


async def _fill(port: int) -> None:
    values = [{"namespace": f"list-{number % 5}", "key": f"entry-{number:05}.example.org", "value": f"value {number}"} for number in range(ENTRIES)]
    addresses = [{"address": f"10.1.{number // 250}.{number % 250}", "reason": "manual"} for number in range(ADDRESSES)]
    for type_, objects in (("MemoryLookupKeyValue", values), ("BlockedIp", addresses)):
        for at in range(0, len(objects), _AT_ONCE):
            create = {f"c{number}": it for number, it in enumerate(objects[at : at + _AT_ONCE])}
            body = {"using": ["urn:ietf:params:jmap:core", "urn:stalwart:jmap"], "methodCalls": [[f"x:{type_}/set", {"create": create}, "s"]]}
            answer = await _json(port, "POST", "/jmap/", body)
            if len(answer["methodResponses"][0][1].get("created") or ()) != len(create):
                raise RuntimeError(f"the simulated server did not take all {type_}")


async def _json(port: int, method: str, target: str, body: Any = None) -> Any:
    """One call on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    raw = json.dumps(body).encode() if body is not None else b""
    credential = base64.b64encode(_ADMIN.encode()).decode()
    head = f"{method} {target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {credential}\r\nContent-Length: {len(raw)}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode() + raw)
    answer = await reader.read()
    writer.close()
    status, _, rest = answer.partition(b"\r\n")
    if b" 200 " not in status:
        raise RuntimeError(f"{target}: {status.decode()}")
    return json.loads(rest.partition(b"\r\n\r\n")[2])
