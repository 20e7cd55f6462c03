"""Messages that the spam filter is to learn from (mapping-operations 6.1).

A small one goes with one request; a larger one is handed on piece by piece while it comes in, so that it costs no memory.
"""

from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Any

from gateway.jmap.calls import BLOB, Object, Other, Set
from gateway.jmap.errors import HttpRefusal, MethodError, UpstreamError
from gateway.knowledge.permissions import holds
from gateway.legacy import refusals
from gateway.legacy.accounts import holder
from gateway.legacy.exchange import Body, Exchange
from gateway.legacy.outcomes import failures, named, refusal
from gateway.legacy.refusals import Forbidden, ItemNotFound
from gateway.legacy.tasks import NothingToDo

INLINE_BYTES = 65_536
MESSAGE = "message/rfc822"
NOT_CONFIGURED = "Spam classifier is not configured on the server"

_BLOB, _SAMPLE = "b", "s"
_UNFIT = frozenset({"invalidProperties", "tooLarge"})


async def take_sample(exchange: Exchange) -> Any:
    """Store the body as a sample of spam or ham, for everybody or for one account; what is learnt from it, the next training decides."""
    incoming = Incoming(exchange.body, exchange.settings.limits.upload_bytes)
    sample: Object = {"isSpam": exchange.path["kind"] == "spam", "deleteAfterUse": False}
    if "account" in exchange.path:
        try:
            sample["accountId"] = await _account(exchange, exchange.path["account"])
        except NothingToDo:
            return None
    head = await incoming.head()
    if incoming.complete:
        await _send(exchange, head, sample)
    else:
        await _hand_on(exchange, incoming, sample)
    return None


class Incoming:
    """A message as it comes in, of `most` bytes at most: more is `unreadable`."""

    def __init__(self, body: Body, most: int) -> None:
        self.announced = body.announced
        self.complete = False
        self.failure: Exception | None = None
        self._most = most
        self._pieces = aiter(body)
        self._head = b""

    async def head(self) -> bytes:
        """Its beginning, or all of it (`complete`) when that is not much."""
        self._bound(self.announced or 0)
        head = bytearray()
        while len(head) <= INLINE_BYTES:
            piece = await anext(self._pieces, b"")
            if not piece:
                self.complete = True
                break
            head += piece
        if not head:
            raise unreadable()
        self._bound(len(head))
        self._head = bytes(head)
        return self._head

    async def all(self) -> AsyncIterator[bytes]:
        """All pieces; what ends them too early is `failure` as well, because whoever sends them on tells only that they broke off."""
        try:
            size, piece, self._head = len(self._head), self._head, b""
            yield piece
            async for piece in self._pieces:
                size += len(piece)
                self._bound(size)
                yield piece
        except Exception as error:
            self.failure = error
            raise

    def _bound(self, size: int) -> None:
        if size > self._most:
            raise unreadable()


def unreadable() -> refusals.Other:
    """Refusal of what is no message, or too much for one."""
    return refusals.Other("Failed to parse message.", None)


async def _account(exchange: Exchange, name: str) -> str:
    """Id of the account that a sample is for; NothingToDo for anything else that has a name, whose samples the old server took for nothing."""
    try:
        return await holder(exchange, name)
    except ItemNotFound:
        raise ItemNotFound(name) from None


async def _send(exchange: Exchange, message: bytes, sample: Object) -> None:
    """Everything in one request."""
    session = await exchange.caller.session()
    content = {"data": [{"data:asBase64": b64encode(message).decode()}], "type": MESSAGE}
    upload = Other("Blob/upload", BLOB, {"accountId": session.account, "create": {_BLOB: content}})
    stored, made = await exchange.caller.attempt(upload, Set("SpamTrainingSample", create={_SAMPLE: {"blobId": f"#{_BLOB}", **sample}}))
    if isinstance(stored, MethodError):
        raise stored
    error = failures(stored, "created").get(_BLOB)
    if error is not None:
        raise unreadable() if error["type"] in _UNFIT else refusal(error)
    if isinstance(made, MethodError):
        raise made
    _judge(exchange, made)


async def _hand_on(exchange: Exchange, incoming: Incoming, sample: Object) -> None:
    """The message first, while it comes in, then what it is a sample of; a message that does not come whole leaves nothing."""
    if not holds("spam-filter-train", (await exchange.caller.account()).permissions):
        raise Forbidden
    try:
        blob = await exchange.caller.upload(incoming.all(), MESSAGE, incoming.announced)
    except HttpRefusal as refused:
        if refused.limit == "maxSizeUpload":
            raise unreadable() from None
        raise
    except UpstreamError:
        if incoming.failure is not None:
            raise incoming.failure from None
        raise
    (made,) = await exchange.caller.request(Set("SpamTrainingSample", create={_SAMPLE: {"blobId": blob, **sample}}))
    _judge(exchange, made)


def _judge(exchange: Exchange, made: Object) -> None:
    """Return when the sample was stored, or need not be."""
    error = failures(made, "created").get(_SAMPLE)
    if error is None:
        return
    about = named(error)
    if "blobId" in about:
        raise unreadable()
    if "accountId" in about:  # for a caller who may not act for others
        raise Forbidden
    if error.get("description") != NOT_CONFIGURED or exchange.settings.spam_upload_when_disabled == "error":
        raise refusal(error)
