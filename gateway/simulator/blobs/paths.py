"""Download and upload over HTTP (jmap-management-api 1.1)."""

from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from aiohttp import web

from gateway.simulator.callers import Caller
from gateway.simulator.envelope import limit
from gateway.simulator.errors import Cut
from gateway.simulator.problems import json_answer, not_found
from gateway.simulator.text_ids import canonical
from gateway.simulator.world import World

MOST_BYTES = 50_000_000
_PLAIN = "application/octet-stream"


def download(world: World, caller: Caller, parts: Sequence[str], query: Mapping[str, Sequence[str]]) -> web.Response:
    """The content of a blob; `parts` are account, blob id and file name. The account only has to be readable as an id."""
    if len(parts) != 3 or canonical(parts[0]) is None:  # noqa: PLR2004 - see above
        raise not_found()
    content = world.blobs.fetch(caller, parts[1])
    if content is None:
        raise not_found()
    accept, name = query.get("accept", [_PLAIN])[0], unquote(parts[2])
    if not accept.isprintable() or not name.isprintable():
        raise Cut
    headers = {
        "Content-Type": accept,
        "Content-Disposition": 'attachment; filename="' + name.replace('"', '\\"') + '"',
        "Cache-Control": "private, immutable, max-age=31536000",
    }
    return web.Response(body=content, headers=headers)


def upload(world: World, caller: Caller, parts: Sequence[str], body: bytes, content_type: str | None) -> web.Response:
    """Keep a content; `parts` are the account, any readable id, and at most an empty part after it."""
    account = canonical(parts[0]) if parts and list(parts[1:]) in ([], [""]) else None
    if account is None:
        raise not_found()
    if len(body) > MOST_BYTES and not caller.may("unlimitedUploads"):
        raise limit("maxSizeUpload", "The request is larger than the server is willing to process.")
    return json_answer({"accountId": account, "blobId": world.blobs.upload(account, body), "type": content_type or _PLAIN, "size": len(body)})
