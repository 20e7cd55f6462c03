"""HTTP of OAuth: what is read from a request and how it is answered (jmap-management-api 4.1, 4.6)."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from gateway.simulator.callers import Caller
from gateway.simulator.directory.accounts import accounts_of
from gateway.simulator.errors import Object, Problem
from gateway.simulator.oauth import metadata
from gateway.simulator.oauth.flows import Denied, Flows
from gateway.simulator.oauth.registration import Clients
from gateway.simulator.problems import CORS, json_answer, not_found
from gateway.simulator.world import World

LARGEST_FORM = 2048

_NEVER_KEPT = {"Cache-Control": "no-store, no-cache, must-revalidate"}
_TEXTS = ("accountName", "accountSecret", "mfaToken", "clientId", "redirectUri", "nonce", "scope", "codeChallenge", "codeChallengeMethod", "state", "code")
_NEEDED = {"authCode": ("accountName", "accountSecret", "clientId"), "authDevice": ("accountName", "accountSecret", "code")}


class OAuth:
    """The endpoints of one world; `who` tells whose request it is."""

    def __init__(self, world: World, who: Callable[[web.Request], Caller]) -> None:
        self._world = world
        self._who = who
        self._clients = Clients(world)
        self._flows = Flows(world, self._clients)
        self._handlers: dict[tuple[str, str], Callable[[web.Request, bytes], web.Response]] = {
            ("POST", "token"): self._token,
            ("POST", "device"): self._device,
            ("POST", "introspect"): self._introspect,
            ("GET", "userinfo"): self._user,
            ("POST", "register"): self._register,
            ("GET", "jwks.json"): self._keys,
        }

    async def log_in(self, request: web.Request) -> web.Response:
        """`POST /api/auth`."""
        return json_answer(self._flows.log_in(_login(await request.read())), _NEVER_KEPT)

    async def answer(self, request: web.Request, rest: list[str]) -> web.Response:
        """Anything below `/auth`."""
        if request.method == "OPTIONS":
            return web.Response(status=204)
        handler = self._handlers.get((request.method, "/".join(rest)))
        if handler is None:
            raise not_found()
        return handler(request, await request.read())

    def well_known(self, name: str) -> web.Response:
        """A document of `/.well-known`."""
        documents: dict[str, Callable[[str], Object]] = {
            "oauth-authorization-server": metadata.authorization_server,
            "openid-configuration": metadata.openid_configuration,
            "oauth-protected-resource": metadata.protected_resource,
        }
        if name not in documents:
            raise not_found()
        return json_answer(documents[name](self._world.config.public_url), CORS)

    def _token(self, _request: web.Request, body: bytes) -> web.Response:
        try:
            return json_answer(self._flows.exchange(_form(body)))
        except Denied as denied:
            return _with_status(400, json_answer({"error": denied.error}))

    def _device(self, _request: web.Request, body: bytes) -> web.Response:
        form = _form(body)
        if not form.get("client_id"):
            raise _unreadable("Client ID is missing.")
        return json_answer(self._flows.start_device(form["client_id"], form.get("scope")), _NEVER_KEPT)

    def _introspect(self, request: web.Request, body: bytes) -> web.Response:
        caller, form = self._who(request), _form(body)
        if "token" not in form:
            raise _unreadable("Client ID is missing.")
        accounts = accounts_of(self._world)
        token = accounts.tokens.find(form["token"], self._world.clock.seconds(), accounts.objects)
        if token is None:
            return json_answer({"active": False}, _NEVER_KEPT)
        return json_answer({"active": True, "username": caller.login, "token_type": "bearer", "exp": token.expires, "iat": token.issued}, _NEVER_KEPT)

    def _user(self, request: web.Request, _body: bytes) -> web.Response:
        caller = self._who(request)
        return json_answer(self._flows.identity.claims(caller.account_id, caller.login), _NEVER_KEPT)

    def _register(self, _request: web.Request, body: bytes) -> web.Response:
        status, answer = self._clients.register(_registration(body))
        return _with_status(status, json_answer(answer, _NEVER_KEPT))

    def _keys(self, _request: web.Request, _body: bytes) -> web.Response:
        return web.Response(body=json.dumps(self._flows.identity.keys()).encode(), headers={"Content-Type": "application/json"})


def _with_status(status: int, answer: web.Response) -> web.Response:
    answer.set_status(status)
    return answer


def _unreadable(detail: str = "JSON deserialization failed") -> Problem:
    return Problem(400, "Invalid parameters", detail)


def _form(body: bytes) -> dict[str, str]:
    if len(body) > LARGEST_FORM:
        raise _unreadable("Invalid post request")
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def _object(body: bytes) -> Object:
    try:
        given: Any = json.loads(body)
    except (ValueError, RecursionError):
        raise _unreadable() from None
    if not isinstance(given, dict):
        raise _unreadable()
    return {name: content for name, content in given.items() if content is not None}


def _login(body: bytes) -> Object:
    given = _object(body)
    needed = _NEEDED.get(given["type"]) if isinstance(given.get("type"), str) else None
    texts = all(isinstance(given.get(name, ""), str) for name in _TEXTS)
    if needed is None or not texts or any(name not in given for name in needed) or not _are_texts(given.get("resource", [])):
        raise _unreadable()
    return given


def _registration(body: bytes) -> Object:
    given = _object(body)
    if not _are_texts(given.get("redirect_uris")):
        raise _unreadable()
    return given


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
