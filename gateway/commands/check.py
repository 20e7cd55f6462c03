"""Say in plain words whether settings, new server, credentials and state are right."""

import argparse
import asyncio
import base64
import os
import socket
from http import HTTPStatus

from gateway.app import check_operations, check_webadmin, collect_rows, open_state, specification, tls_context
from gateway.commands.flags import add_settings, settings_of
from gateway.commands.run import reason, run
from gateway.jmap.client import Upstream
from gateway.jmap.errors import Garbled, HttpRefusal, TooSlow, Unreachable, UpstreamError
from gateway.jmap.session import Account
from gateway.knowledge.permissions import holds
from gateway.settings import Settings, host_port
from gateway.state import StateError
from gateway.web import auth

OLD_API = "/api/queue/status"
SERVICE_RIGHTS = ("impersonate", "sysAccountGet", "sysAccountUpdate")

DESCRIPTION = """
Look at settings, new server, credentials, state and listening address, and say what is wrong and what to do. Nothing is changed,
except that the state file is made when there is none. Status 0: everything is right; 1: something is not; 2: wrong settings.
"""


class Wrong(Exception):
    """Something is not as it must be; the text says what and what to do."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of the command."""
    parser.description = DESCRIPTION
    parser.add_argument("--user", metavar="LOGIN:PASSWORD", help="also try these credentials (GATEWAY_CHECK_USER, which other users cannot see)")
    add_settings(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Check everything, also after something was wrong."""
    settings, warnings = settings_of(arguments, needs_upstream=True)
    tls_context(settings)
    check_operations(settings, specification())
    check_webadmin(settings)
    print(f"ok      settings: valid; old version {settings.legacy_version}, state {settings.state.partition(':')[0]}")
    for warning in warnings:
        print(f"note    settings: {warning}")
    user = arguments.user or os.environ.get("GATEWAY_CHECK_USER", "")
    return run(_check(settings, user))


async def _check(settings: Settings, user: str) -> int:
    upstream = Upstream(settings)
    await upstream.transport.start()
    try:
        steps = {"server": _server(settings, upstream), "credentials": _credentials(upstream, user), "service": _service(upstream), "state": _state(settings), "listen": _listen(settings)}
        wrong = 0
        for name, step in steps.items():
            try:
                print(f"ok      {name}: {await step}")
            except Wrong as error:
                wrong += 1
                print(f"WRONG   {name}: {error}")
    finally:
        await upstream.close()
    print(f"{wrong} of {len(steps)} are wrong" if wrong else "everything is right")
    return int(bool(wrong))


async def _server(settings: Settings, upstream: Upstream) -> str:
    """Whether it is there and of the right generation: one that still serves the old API needs no gateway."""
    try:
        session = await upstream.discover()
        old = await upstream.transport.exchange("GET", upstream.transport.target(OLD_API), b"")
    except Unreachable:
        raise Wrong(f"no connection to {settings.upstream}; is the server running, and is this its HTTP listener?") from None
    except TooSlow:
        raise Wrong(f"{settings.upstream} takes connections but does not answer within {settings.timeouts.read:g} s") from None
    except HttpRefusal as refusal:
        raise Wrong(_not_jmap(settings.upstream, refusal.status)) from None
    except Garbled:
        raise Wrong(f"{settings.upstream} answers, but not like a Stalwart server: no JMAP session object at /jmap/session") from None
    except UpstreamError as error:
        raise Wrong(f"{settings.upstream}: {error}") from None
    if old.status != HTTPStatus.NOT_FOUND:
        raise Wrong(f"{settings.upstream} still serves the old API ({OLD_API} answers {old.status}): v0.15 or older, or a gateway; name a v0.16 server")
    limits = session.limits
    return f"{settings.upstream} is a Stalwart of v0.16 or newer; {limits.concurrent_requests} requests of an account at once, {limits.objects_in_get} objects per call"


def _not_jmap(upstream: str, status: int) -> str:
    if status == HTTPStatus.UNAUTHORIZED:
        return f"{upstream} wants credentials for its session object: it is v0.15 or older, or something in front of it asks for them"
    if status == HTTPStatus.FORBIDDEN:
        return f"{upstream} answers 403 to everything: the address of this machine is blocked there; list it as AllowedIp"
    return f"{upstream} answers {status} at /jmap/session: not the HTTP listener of a Stalwart v0.16 server, or not in order"


async def _credentials(upstream: Upstream, user: str) -> str:
    """Whether a login is accepted, and what its rights are enough for."""
    if not user:
        return "not tried; give --user LOGIN:PASSWORD or GATEWAY_CHECK_USER"
    if ":" not in user:
        raise Wrong("must be LOGIN:PASSWORD")
    credential = auth.read("Basic " + base64.b64encode(user.encode()).decode())
    try:
        account = await upstream.caller(credential.header).account()
    except HttpRefusal as refusal:
        raise Wrong(_refused(credential.login or "", refusal.status)) from None
    except UpstreamError as error:
        raise Wrong(f"could not be tried: {error}") from None
    return f"{credential.login} is accepted by a server of edition {account.edition} and may use {_usable(account)}"


async def _service(upstream: Upstream) -> str:
    """Whether the service account may do its work; it is not there where the setting names none."""
    caller = upstream.service()
    if caller is None:
        return "no service account; passwords that users send as hashes are refused, and the own password cannot be changed in the old WebAdmin"
    try:
        account = await caller.account()
    except HttpRefusal as refusal:
        raise Wrong(_refused("the account of service_credential", refusal.status)) from None
    except UpstreamError as error:
        raise Wrong(f"could not be tried: {error}") from None
    if missing := [right for right in SERVICE_RIGHTS if right not in account.permissions]:
        raise Wrong(f"the account of service_credential lacks {', '.join(missing)}")
    return "the account of service_credential may do its work"


def _refused(login: str, status: int) -> str:
    match status:
        case HTTPStatus.UNAUTHORIZED:
            return f"{login} is refused: wrong login or password; v0.16 wants the full address, unless the default domain completes it"
        case HTTPStatus.PAYMENT_REQUIRED:
            return f"{login} has a second factor; use an app password"
        case HTTPStatus.FORBIDDEN:
            return f"{login} lacks the right `authenticate`, or may not log in from this address"
        case _:
            return f"the server answers {status} to {login}"


def _usable(account: Account) -> str:
    spec = specification()
    rows = collect_rows(spec)
    served = [operation for operation in spec.operations if rows[operation.id].status == "ready"]
    missing = {operation.permission for operation in served if operation.permission and not holds(operation.permission, account.permissions)}
    usable = sum(operation.permission not in missing for operation in served)
    return f"{usable} of {len(served)} served operations" + (f"; missing: {', '.join(sorted(filter(None, missing)))}" if missing else "")


async def _state(settings: Settings) -> str:
    """Whether the database can be opened and written, which bringing its schema up to date does."""
    try:
        state = await open_state(settings)
    except StateError as error:
        raise Wrong(str(error)) from None
    await state.close()
    return "can be read and written"


async def _listen(settings: Settings) -> str:
    host, port = host_port(settings.listen)
    try:
        server = await asyncio.get_running_loop().create_server(asyncio.Protocol, host or None, port, family=socket.AF_UNSPEC)
    except OSError as error:
        raise Wrong(f"{settings.listen} cannot be used ({reason(error)}); does the gateway run already?") from None
    server.close()
    await server.wait_closed()
    return f"{settings.listen} is free"
