"""Logins that the new server does not know as they come: API keys, bare names, and codes behind a password (mapping-principals 6.1).

An API key whose secret a client chose (decision 21) is one of its own there, and one of its own comes as it is, whatever login stands before it. It knows only addresses and completes a bare name with its default domain; and it takes no code of a second factor in a Basic header. Names that are addresses, and bare names that nobody remembers, go upstream as they came.
"""

import re
from collections.abc import Sequence
from http import HTTPStatus

from cachetools import TTLCache

from gateway.jmap.caller import Caller
from gateway.jmap.client import Upstream
from gateway.jmap.errors import HttpRefusal
from gateway.legacy.exchange import Login, Memory
from gateway.legacy.refusals import Unauthorized
from gateway.settings import Settings
from gateway.web.auth import Credential, read, renamed, secret_of, token
from gateway.web.errors import TooManyLogins
from gateway.web.keys import KeyLogins

NEW_KEY = re.compile(r"API_[A-Za-z0-9_-]{38}")
"""Keys of the new server: account, credential and 20 random bytes (jmap-management-api 3.5)."""

REMEMBERED = 1024
SECONDS = 300
SOMEBODY_SECONDS = 3600
"""Long, because the new server bans addresses that it refuses too often."""

_WITH_CODE = re.compile(r"(.+)\$([0-9]{6,8})", re.DOTALL | re.ASCII)


class Logins:
    """Exchanges API keys for those of the new server, remembered bare names for the address of their account, and passwords with a code for a token.

    Where the new server refuses the address but takes the name as it is, the name is somebody else's there, like that of the recovery
    administrator; that is asked once in a while for each credential. A password may itself end like one with a code: so the whole is tried first.
    """

    def __init__(self, memory: Memory, upstream: Upstream, settings: Settings) -> None:
        self._memory = memory
        self._upstream = upstream
        self._keys = KeyLogins(memory, settings)
        self._taken_as_given: TTLCache[bytes, bool] = TTLCache(REMEMBERED, SECONDS)
        self._taken_whole: TTLCache[bytes, bool] = TTLCache(REMEMBERED, SECONDS)
        self._somebody: TTLCache[bytes, bool] = TTLCache(REMEMBERED, SOMEBODY_SECONDS)

    async def known(self, credential: Credential, client_address: str) -> Credential:
        """The credential as it goes upstream; HttpRefusal 401 for a wrong secret of an API key, and where the server takes the login in no form.

        TooManyLogins after too many of them.
        """
        return await self._key(credential, client_address) or await self._form(credential, client_address)

    async def header(self, header: str, client_address: str) -> str:
        """The same for an Authorization header that is handed on unread, and unchanged where that makes no difference to the new server."""
        if not header[:7].lower().startswith(("basic ", "bearer ")):
            return header
        began = self._keys.now()
        try:
            credential = read(header)
        except Unauthorized:
            return header
        key = await self._key(credential, client_address)
        if key is not None:
            return key.header
        known = credential
        try:
            known = await self._form(credential, client_address)
            if known.header.startswith("Basic ") and self._keys.exist():
                refusal = await _refusal(self._upstream.caller(known.header, client_address))
                if refusal is not None:
                    raise refusal
        except HttpRefusal:
            await self.refused(credential, client_address, began)
        # A token, and a login that stays what it is, go on as they came.
        as_it_came = known is credential and (credential.login is None or header[:6].lower() == "basic ")
        return header if as_it_came else known.header

    async def refused(self, credential: Credential, client_address: str, began: float) -> None:
        """Let the refusal of a login take as long as that of an API key, so that nobody learns which names are keys; TooManyLogins likewise."""
        if credential.login is not None:
            await self._keys.unknown(credential.login, secret_of(credential), client_address, began)

    def now(self) -> float:
        """The present, for `refused`."""
        return self._keys.now()

    async def _key(self, credential: Credential, client_address: str) -> Credential | None:
        """The new server's key where the credential is an API key of either kind, None where it is none; HttpRefusal 401, TooManyLogins."""
        if credential.login is None:
            return None
        secret = secret_of(credential)
        if self._somebody and self._somebody.get(self._upstream.caller(credential.header, client_address).key):
            return None
        try:
            key = await self._keys.token(credential.login, secret, client_address)
        except (HttpRefusal, TooManyLogins):
            if await self._is_somebody(credential, client_address):
                return None
            raise
        if key is None and NEW_KEY.fullmatch(secret):
            key = secret
        return None if key is None else token(key)._replace(challenge=False)

    async def _is_somebody(self, credential: Credential, client_address: str) -> bool:
        """Whether the new server knows a login that is wrong for the key of its name: who makes a key may be unable to see whose name it is."""
        asked = self._upstream.caller(credential.header, client_address).key
        known = self._somebody.get(asked)
        if known is None:
            known = self._somebody[asked] = await self._is_accepted(credential, client_address)
        return known

    async def _is_accepted(self, credential: Credential, client_address: str) -> bool:
        try:
            known = await self._form(credential, client_address)
        except HttpRefusal:
            return False
        return not known.header.startswith("Basic ") or await _refusal(self._upstream.caller(known.header, client_address)) is None

    async def _form(self, credential: Credential, client_address: str) -> Credential:
        """A login in the form in which the new server takes it, `login` stays what the client wrote; HttpRefusal 401 where it takes it in none."""
        login = credential.login
        if not login:
            return credential
        address = None if "@" in login else await self._memory.login(login)
        split = None if "%" in login else _WITH_CODE.fullmatch(secret_of(credential))
        if split is not None:
            forms = [Credential(credential.header, login, challenge=False, given=Login(login, *split.groups()))]
            if address is not None:
                forms.insert(0, renamed(credential, address)._replace(given=Login(address, *split.groups())))
            return await self._with_code(forms, client_address)
        if address is None:
            return credential
        full = renamed(credential, address)
        caller = self._upstream.caller(full.header, client_address)
        as_given = self._taken_as_given.get(caller.key)
        if as_given is None:
            refusal = await _refusal(caller)
            if refusal is not None and await _refusal(self._upstream.caller(credential.header, client_address)) is not None:
                raise refusal
            as_given = self._taken_as_given[caller.key] = refusal is not None
        return credential if as_given else full

    async def _with_code(self, forms: Sequence[Credential], client_address: str) -> Credential:
        """A credential whose secret ends like a code: a token for it under one of its names, or one of its forms as it is."""
        codes = self._upstream.codes
        logins = [form.given for form in forms if form.given is not None]
        for login in logins:
            if token := codes.known(login):
                return forms[0]._replace(header=f"Bearer {token}", given=login)
        ways = [self._with_token, self._whole]
        if not any(map(codes.expects, logins)):
            ways.reverse()
        for way in ways:
            for form in forms:
                if known := await way(form, client_address):
                    return known
        raise HttpRefusal(HTTPStatus.UNAUTHORIZED)

    async def _with_token(self, form: Credential, client_address: str) -> Credential | None:
        """The token for a name, a password and a code."""
        token = form.given and await self._upstream.codes.exchange(form.given, client_address)
        return form._replace(header=f"Bearer {token}") if token else None

    async def _whole(self, form: Credential, client_address: str) -> Credential | None:
        """The credential, where the new server takes the whole secret for the password."""
        caller = self._upstream.caller(form.header, client_address)
        if caller.key not in self._taken_whole:
            if await _refusal(caller) is not None:
                return None
            self._taken_whole[caller.key] = True
        return form._replace(given=None)


async def _refusal(caller: Caller) -> HttpRefusal | None:
    """The new server's 401 for a caller, None when it knows him."""
    try:
        await caller.account()
    except HttpRefusal as refusal:
        return refusal if refusal.status == HTTPStatus.UNAUTHORIZED else None
    return None
