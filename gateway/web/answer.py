"""The answer of one row, given only to callers whom the new server has accepted (design 2, mapping-operations 1.1).

What reaches the new server is judged there. For everything that the gateway says by itself (404, 400, a refusal, a remembered value, a change
that turned out to change nothing) it asks `GET /api/account` who the caller is, and whether he holds the old right: this is the one place where
that happens.
"""

import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn

from gateway.contract import Contract, Match, Operation
from gateway.contract.body import Unreadable, parse
from gateway.jmap.caller import Caller
from gateway.jmap.client import Upstream
from gateway.jmap.errors import Busy, OutcomeUnknown, TooSlow, Unreachable
from gateway.jmap.session import ENTERPRISE, Account
from gateway.knowledge.permissions import holds
from gateway.legacy.exchange import Answer, Body, Exchange, Flags, Flow, Listing, Login, Memory
from gateway.legacy.refusals import BadRequest, EnterpriseOnly, Forbidden, NotFound, Refusal
from gateway.legacy.table import Action
from gateway.settings import Mode, Settings
from gateway.web.background import Background
from gateway.web.flow import FlowReply, LiveStreams
from gateway.web.locks import Locks
from gateway.web.observe import VIOLATIONS
from gateway.web.reply import NEVER_KEPT, Reply, success
from gateway.web.stream import Stream

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Served:
    """What answering one operation needs, put together at start."""

    operation: Operation
    action: Action
    mode: Mode
    headers: tuple[tuple[str, str], ...]


class Answers:
    """Runs rows."""

    def __init__(
        self,
        settings: Settings,
        *,
        streams: LiveStreams,
        contract: Contract,
        upstream: Upstream,
        flags: Flags,
        memory: Memory,
        locks: Locks,
        background: Background,
        now: Callable[[], float],
        update_webadmin: Callable[[], Awaitable[None]] | None,
    ) -> None:
        self._streams = streams
        self._limits = settings.limits
        self._stall_seconds = settings.timeouts.idle
        self._contract = contract
        self._upstream = upstream
        self._flags = flags
        self._memory = memory
        self._locks = locks
        self._background = background
        self._now = now
        self._update_webadmin = update_webadmin

    async def to(
        self,
        served: Served,
        match: Match,
        query: Mapping[str, str],
        body: bytes | Body | None,
        caller: Caller,
        *,
        login: Callable[[], Login | None],
    ) -> Reply | Stream | FlowReply:
        """Answer of the row that serves a request, ready to be sent; Refusal or any of `jmap.errors`.

        The body is None when it exceeded the limit; `login` gives name and secret of the caller. A row that always refuses first hears who is asking.
        """
        action, permission = served.action, served.operation.permission
        objection, value = self._judge(served, match, query, body)
        if objection is not None and action.order != "row":
            await accept(caller, permission if action.order == "permission" else None)
            raise objection
        needed = None if action.order == "row" else permission
        if action.status != "ready":
            await accept(caller, needed)
        exchange = Exchange(
            path=match.elements,
            query=query,
            body=value,
            now=int(self._now()),
            settings=self._upstream.settings,
            caller=caller,
            flags=self._flags,
            memory=self._memory,
            locks=self._locks,
            background=self._background,
            objection=objection,
            login=login,
            service=self._upstream.service,
            update_webadmin=self._update_webadmin,
        )
        try:
            if match.probe:
                await _probe(served, exchange, caller, permission)
            answer = await self._opened(await action.handle(exchange), private=action.private)
        except Refusal:
            if not _judged(caller, served, needed):
                await accept(caller, needed)
            raise
        except (Unreachable, Busy, TooSlow):
            # They promise that nothing was changed, which holds for the last step only.
            if caller.wrote:
                raise OutcomeUnknown from None
            raise
        if not _judged(caller, served, needed):
            async with contextlib.AsyncExitStack() as stack:
                if isinstance(answer, FlowReply):
                    stack.push_async_callback(answer.close)
                await accept(caller, needed)
                stack.pop_all()
        return answer

    async def _opened(self, answer: Answer, *, private: bool) -> Reply | Stream | FlowReply:
        """What a row answers, with everything known that decides about the head."""
        if isinstance(answer, Listing):
            stream = Stream(answer, self._stall_seconds)
            return await stream.open() or stream
        if isinstance(answer, Flow):
            flow = FlowReply(answer, self._stall_seconds, self._streams)
            await flow.open()
            return flow
        return success(answer, NEVER_KEPT) if private else success(answer)

    def _judge(
        self, served: Served, match: Match, query: Mapping[str, str], body: bytes | Body | None
    ) -> tuple[BadRequest | None, object]:
        """What the contract has against the request (only when it is enforced), and the value of the body.

        A body that cannot be read at all is refused in every mode: taken for none, it could mean something (legacy-rest-api 2.12: `null`
        restores everything).
        """
        detail, reason, value = self._read(served.operation, body)
        readable = detail is None
        if served.mode == "off" and readable:
            return None, value
        if detail is None:
            violation = self._contract.check(match, query, value, body if isinstance(body, bytes) else b"")
            if violation is None:
                return None, value
            detail, reason = violation.detail, f"{violation.where}: {violation.reason}"
        VIOLATIONS.labels(served.operation.id, served.mode).inc()
        if served.mode == "report" and readable:
            _log.warning("a request breaks the contract of %s: %s", served.operation.id, reason)
            return None, value
        return BadRequest(detail), value

    def _read(self, operation: Operation, body: bytes | Body | None) -> tuple[str | None, str, object]:
        """Value of the body as the operation takes it; for JSON that is none, the text of the 400 and the reason for the log."""
        if operation.body is None:
            return None, "", None
        if operation.body != "json":
            return None, "", body
        raw = body if isinstance(body, bytes) else b""
        try:
            return None, "", parse(raw, limit=self._limits.body_bytes, depth=self._limits.list_depth)
        except Unreadable as error:
            return self._contract.refusal_of_body(operation, raw), f"body: {error}", None


def _judged(caller: Caller, served: Served, needed: str | None) -> bool:
    """Whether the new server has judged this request: a change that wrote nothing was only allowed to look."""
    return caller.wrote or (caller.heard and ((served.operation.method == "GET" and not served.action.changes) or needed is None))


async def _probe(served: Served, exchange: Exchange, caller: Caller, permission: str | None) -> NoReturn:
    """Refuse as the row does, else with 404: the old server looked at the method before it asked for rights over what the path names."""
    if served.operation.enterprise:
        await absent(caller, permission, enterprise=True)
    with contextlib.suppress(Forbidden):
        await served.action.handle(exchange)
    raise NotFound


async def accept(caller: Caller, permission: str | None) -> Account:
    """The caller's account, when the new server knows him and he holds the old right; else raise what the old server answered."""
    account = await caller.account()
    if "authenticate" not in account.permissions or (permission is not None and not holds(permission, account.permissions)):
        raise Forbidden
    return account


async def absent(caller: Caller, permission: str | None, *, enterprise: bool) -> NoReturn:
    """Refuse what means nothing, once the caller was accepted: an Enterprise feature that the new server lacks before an unknown route (decision 1)."""
    account = await accept(caller, permission)
    raise EnterpriseOnly if enterprise and account.edition != ENTERPRISE else NotFound
