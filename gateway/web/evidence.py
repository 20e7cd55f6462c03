"""What an accepted login tells about remembered secrets (decision 5): a password that is not the remembered one was set elsewhere."""

import asyncio
import re

from cachetools import TTLCache

from gateway.jmap.caller import Caller
from gateway.jmap.client import Upstream
from gateway.knowledge.sha512_crypt import is_readable, matches
from gateway.legacy.exchange import Memory
from gateway.web.auth import Credential, login_of

REMEMBERED = 4096
SECONDS = 300
OTHER_SECRETS = re.compile(r"app_.*|.*\$[0-9]{6,8}", re.IGNORECASE | re.DOTALL)
"""App passwords, and passwords with a code behind."""


class Evidence:
    """Compares passwords that the new server accepted with what is remembered, each credential once in a while."""

    def __init__(self, memory: Memory, upstream: Upstream) -> None:
        self._memory = memory
        self._upstream = upstream
        self._compared: TTLCache[bytes, None] = TTLCache(REMEMBERED, SECONDS)

    async def accepted(self, credential: Credential, caller: Caller) -> None:
        """Forget the secrets of the caller's account when its password is another one; only SHA-512 crypt, which the gateway makes itself, can tell."""
        account = self._upstream.slot_of(caller)
        if credential.login is None or "%" in credential.login or caller.key in self._compared or not isinstance(account, str):
            return
        self._compared[caller.key] = None
        login = login_of(credential)
        if login is None:
            return
        known = [text for text in (await self._memory.secrets([account])).get(account, {}).values() if is_readable(text)]
        if not known or OTHER_SECRETS.fullmatch(login.secret):
            return
        if not await asyncio.to_thread(lambda: any(matches(login.secret, text) for text in known)):
            await self._memory.set_secrets(account, {})
