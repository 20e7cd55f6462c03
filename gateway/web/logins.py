"""Logins under an old name: the new server knows only addresses, and completes a bare name with its default domain (decision 4).

Names that are addresses, and bare names that nobody remembers, go upstream as they came.
"""

from http import HTTPStatus

from cachetools import TTLCache

from gateway.jmap.caller import Caller
from gateway.jmap.client import Upstream
from gateway.jmap.errors import HttpRefusal
from gateway.legacy.exchange import Memory
from gateway.legacy.refusals import Unauthorized
from gateway.web.auth import Credential, read, renamed

REMEMBERED = 1024
SECONDS = 300


class Logins:
    """Exchanges remembered bare names in Basic credentials for the address of their account.

    Where the new server refuses the address but takes the name as it is, the name is somebody else's there, like that of the recovery
    administrator; that is asked once in a while for each credential.
    """

    def __init__(self, memory: Memory, upstream: Upstream) -> None:
        self._memory = memory
        self._upstream = upstream
        self._taken_as_given: TTLCache[bytes, bool] = TTLCache(REMEMBERED, SECONDS)

    async def known(self, credential: Credential, client_address: str) -> Credential:
        """The credential as it goes upstream, `login` stays what the client wrote; HttpRefusal 401 where the server takes neither form."""
        login = credential.login
        if not login or "@" in login:
            return credential
        address = await self._memory.login(login)
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

    async def header(self, header: str, client_address: str) -> str:
        """The same for an Authorization header that is handed on unread: it changes only where the login does."""
        if not header[:6].lower().startswith("basic "):
            return header
        try:
            credential = read(header)
            known = await self.known(credential, client_address)
        except (Unauthorized, HttpRefusal):
            return header
        return header if known is credential else known.header


async def _refusal(caller: Caller) -> HttpRefusal | None:
    """The new server's 401 for a caller, None when it knows him."""
    try:
        await caller.account()
    except HttpRefusal as refusal:
        return refusal if refusal.status == HTTPStatus.UNAUTHORIZED else None
    return None
