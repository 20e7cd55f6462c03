"""Blob/upload, Blob/get and Blob/lookup (RFC 9404)."""

import base64
import binascii
from functools import partial
from typing import Any

from gateway.simulator.callers import Caller
from gateway.simulator.errors import MethodError, Object, SetError
from gateway.simulator.strict_json import Reader, Wrong, borrowed, mapping, sequence, string, value
from gateway.simulator.text_ids import canonical
from gateway.simulator.world import Method, World

CAPABILITY = "urn:ietf:params:jmap:blob"


def install(world: World) -> None:
    """Register the methods."""
    world.methods["Blob/upload"] = Method(CAPABILITY, partial(upload, world), arguments)
    world.methods["Blob/get"] = Method(CAPABILITY, partial(get, world))
    world.methods["Blob/lookup"] = Method(CAPABILITY, partial(lookup, world))


def arguments(reader: Reader) -> Object:
    """Arguments of Blob/upload; contents are decoded while they are read."""
    found: Object = {"create": {}}

    def member(reader: Reader, name: str) -> None:
        if name == "accountId":
            found[name] = borrowed(reader)
        elif name == "create":
            mapping(partial(_creation, found["create"]), wanted="a map", key=string)(reader)
        else:
            value(reader)

    mapping(member, wanted="a JMAP request object")(reader)
    return found


def _creation(creations: Object, reader: Reader, name: str) -> None:
    made: Object = {"data": []}

    def member(reader: Reader, name: str) -> None:
        if name == "data":
            made["data"] = sequence(_source)(reader)
        else:
            made[name] = value(reader)

    mapping(member, wanted="an upload object")(reader)
    creations[name] = made


def _source(reader: Reader) -> Any:
    """One piece of content: bytes, or the reference to a blob as it was given."""
    pieces: list[Any] = []
    reference: Object = {}

    def member(reader: Reader, name: str) -> None:
        if name == "data:asText":
            pieces.append(string(reader).encode())
        elif name == "data:asBase64":
            text = string(reader)
            try:
                pieces.append(base64.b64decode(text, validate=True))
            except binascii.Error:
                raise Wrong("Failed to decode base64 data") from None
        else:
            reference[name] = value(reader)

    mapping(member, wanted="a data source object")(reader)
    return pieces[-1] if pieces else reference


def upload(world: World, caller: Caller, given: Object) -> Object:
    """Keep contents put together from pieces."""
    account = _account(caller, given)
    answer: Object = {"accountId": account}
    for name, creation in given["create"].items():
        pieces = [_piece(world, caller, source) for source in creation["data"]]
        content = b"".join(piece for piece in pieces if piece is not None)
        if not content or None in pieces:
            error = SetError("invalidProperties", "Must specify at least one valid DataSourceObject.")
            answer.setdefault("notCreated", {})[name] = error.wire()
            continue
        made = {"id": world.blobs.upload(account, content)}
        if isinstance(creation.get("type"), str):
            made["type"] = creation["type"]
        answer.setdefault("created", {})[name] = made | {"size": len(content)}
    return answer


def get(world: World, caller: Caller, given: Object) -> Object:
    """Contents and sizes."""
    account = _account(caller, given)
    wanted = given.get("properties") or ["data", "size"]
    shown, missing = [], []
    for id_ in given.get("ids") or ():
        content = world.blobs.fetch(caller, id_)
        if content is None:
            missing.append(id_)
        else:
            shown.append(_shown(content, wanted) | {"id": id_})
    return {"accountId": account, "list": shown, "notFound": missing}


def lookup(world: World, caller: Caller, given: Object) -> Object:
    """Which objects use a blob; uploads are used by none."""
    account = _account(caller, given)
    ids = given.get("ids") or ()
    known = [id_ for id_ in ids if world.blobs.fetch(caller, id_) is not None]
    return {"accountId": account, "list": [{"id": id_, "matchedIds": {}} for id_ in known], "notFound": [id_ for id_ in ids if id_ not in known]}


def _account(caller: Caller, given: Object) -> str:
    account = canonical(given["accountId"]) if isinstance(given.get("accountId"), str) else None
    if account is None:
        raise MethodError("invalidArguments", 'The "accountId" property is required.')
    if not caller.owns(account):
        raise MethodError("forbidden", f"You are not an owner of account {account}")
    return account


def _piece(world: World, caller: Caller, source: Any) -> bytes | None:
    if isinstance(source, bytes):
        return source
    content = world.blobs.fetch(caller, str(source.get("blobId")))
    if content is None:
        return None
    start = source.get("offset") or 0
    return content[start : start + source["length"]] if source.get("length") is not None else content[start:]


def _shown(content: bytes, wanted: list[str]) -> Object:
    shown: Object = {}
    try:
        text: str | None = content.decode()
    except UnicodeDecodeError:
        text = None
    for name in wanted:
        if name == "size":
            shown["size"] = len(content)
        elif name == "data:asText" or (name == "data" and text is not None):
            shown["data:asText"] = text
        elif name in {"data:asBase64", "data"}:
            shown["data:asBase64"] = base64.b64encode(content).decode()
    return shown
