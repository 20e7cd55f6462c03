"""What the new server calls its events: labels and explanations of its schema document (jmap-management-api 4.3).

The document is large and the same for everybody. It is read when a text is first wanted, with the credential of whoever wants it, and again
only when its address, which ends in a hash of the contents, has changed.
"""

import asyncio
import json
import logging
import re
import time
import zlib
from collections.abc import Mapping
from typing import NamedTuple

from gateway.jmap.connection import OK, Reply
from gateway.jmap.errors import Garbled, HttpRefusal, UpstreamError
from gateway.jmap.transport import Transport

SCHEMA_PATH = "/api/schema"
ENUMERATION = "EventType"
FRESH_SECONDS = 3600.0
RETRY_SECONDS = 60.0
PATIENCE_SECONDS = 5.0
"""How long a reply may wait for titles, without which it is as true."""

LARGEST_DOCUMENT = 64 * 2**20

_REFUSED = frozenset({401, 402, 403})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PLACE = re.compile(r"(?:https?://[^/]+)?(/api/schema/[\w.~-]+)", re.ASCII)
_GZIP = b"\x1f\x8b"
_GZIP_FORMAT = zlib.MAX_WBITS | 16

_log = logging.getLogger(__name__)


class EventText(NamedTuple):
    """A short title, and a sentence about what happened."""

    label: str
    explanation: str


class EventTexts:
    """The texts of one server."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._reading = asyncio.Lock()
        self._texts: Mapping[str, EventText] = {}
        self._place = ""
        self._due = float("-inf")

    async def read(self, headers: bytes) -> Mapping[str, EventText]:
        """The texts by event name, asked for with the headers of a caller when they are not known; those known before, if any, while the server does not tell."""
        if time.monotonic() < self._due:
            return self._texts
        async with self._reading:
            if time.monotonic() >= self._due:
                try:
                    async with asyncio.timeout(PATIENCE_SECONDS):
                        await self._refresh(headers)
                except HttpRefusal:
                    pass  # somebody else may ask
                except (UpstreamError, TimeoutError, ValueError) as error:
                    _log.warning("names of events not read, replies show their technical names: %s", error if isinstance(error, UpstreamError) else type(error).__name__)
                    self._due = time.monotonic() + RETRY_SECONDS
                else:
                    self._due = time.monotonic() + FRESH_SECONDS
        return self._texts

    async def _refresh(self, headers: bytes) -> None:
        reply, place = await self._ask(SCHEMA_PATH, headers), ""
        if reply.status in _REDIRECTS:
            found = _PLACE.fullmatch(reply.headers.get("Location", ""))
            if found is None:
                raise Garbled("no address of the schema")
            place = found[1]
            if place == self._place:
                return
            reply = await self._ask(place, headers)
        if reply.status in _REFUSED:
            raise HttpRefusal(reply.status)
        if reply.status != OK:
            raise Garbled(f"no schema, but {reply.status}")
        self._texts = await asyncio.to_thread(texts_of, reply.body)
        self._place = place

    async def _ask(self, path: str, headers: bytes) -> Reply:
        return await self._transport.exchange("GET", self._transport.target(path), headers)


def texts_of(body: bytes) -> dict[str, EventText]:
    """Texts of a schema document, which the server compresses whatever it is asked for; ValueError or Garbled when there are none."""
    if body.startswith(_GZIP):
        unpacker = zlib.decompressobj(_GZIP_FORMAT)
        try:
            body = unpacker.decompress(body, LARGEST_DOCUMENT)
        except zlib.error:
            raise Garbled("a damaged schema") from None
        if not unpacker.eof:
            raise Garbled("an endless schema")
    try:
        entries = json.loads(body)["enums"][ENUMERATION]
        return {entry["name"]: EventText(entry["label"], entry.get("explanation") or "") for entry in entries}
    except (LookupError, TypeError, AttributeError):
        raise Garbled("a schema without events") from None
