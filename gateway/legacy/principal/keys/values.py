"""Secrets of API keys on their way to what they are checked against, and the local part of the account behind a key (mapping-principals 2.7, 2.11).

As on the old server of today a key has one plain secret or hash, and any number of named ones (`$app$name$...`); earlier ones took several plain
secrets in a create or with `set`, and so does the gateway unless it is told to be exactly v0.15.

Use: `slug(name)`; `wanted(texts, settings)` for a create; for a PATCH `Secrets(verifiers, settings)`, then `set`, `add` and `remove` in the order of the
request, then `secrets.after`. `await verified(secrets)` makes what they are checked against.
"""

import asyncio
import re
from collections.abc import Iterable, Sequence

from gateway.knowledge import password_hashes
from gateway.legacy.principal.keys.objects import shown
from gateway.legacy.principal.reading import APP_PREFIX
from gateway.legacy.principal.values.secrets import OTP_PREFIX, Secret, classify, is_placeholder, stored
from gateway.legacy.refusals import Other, Unsupported
from gateway.settings import Settings
from gateway.state import Verifier

MOST = 16
LONGEST_SLUG = 48

_NO_LETTERS = re.compile(r"[^a-z0-9._-]+")

Held = Verifier | Secret
"""A secret that the key has, or one that it is going to have."""


def slug(name: str) -> str:
    """A local part that looks like the name of a key."""
    return _NO_LETTERS.sub("-", name.lower())[:LONGEST_SLUG].strip(".-_").replace("..", ".") or "api-key"


def wanted(texts: Iterable[str], settings: Settings) -> list[Held]:
    """The secrets of a new key; Other for a hash that nothing can be checked against, Unsupported for a second factor, or too many."""
    secrets = Secrets((), settings)
    secrets.set(it for it in texts if not is_placeholder(it))
    return secrets.after


class Secrets:
    """The secrets of a key while a PATCH changes them."""

    def __init__(self, verifiers: Sequence[Verifier], settings: Settings) -> None:
        self._settings = settings
        self._before = tuple(verifiers)
        self.after: list[Held] = [*verifiers]

    def set(self, texts: Iterable[str]) -> None:
        """Exchange all secrets; those that a placeholder, or the string that is remembered, stands for are kept."""
        given = list(dict.fromkeys(texts))
        kept = [it for it in self._before if shown(it) in given]
        others = [it for it in given if it and not is_placeholder(it) and it not in map(shown, self._before)]
        fresh = [secret for it in others if (secret := classified(it)).value]
        if self._settings.legacy_version == "0.15":
            both: list[Held] = [*kept, *fresh]
            first = next((it for it in both if not it.name), None)
            fresh = [it for it in fresh if it.name or it is first]
            kept = [it for it in kept if it.name or it is first]
        self._take([*kept, *fresh])

    def add(self, text: str) -> None:
        """Add a secret; one without a name takes the place of all others without."""
        if not text or is_placeholder(text) or text in map(shown, self._before):
            return
        secret = classified(text)
        if secret.value:
            self._take([*(it for it in self.after if secret.name or it.name), secret])

    async def remove(self, text: str) -> None:
        """Remove what a text means: a placeholder, the secret itself, the start of named ones, or with "" all of these; not what was just added."""
        self.after = [it for it in self.after if not isinstance(it, Verifier) or not await _means(text, it)]

    def _take(self, secrets: list[Held]) -> None:
        if len(secrets) > MOST:
            raise Unsupported(f"An API key may have {MOST} secrets")
        self.after = secrets


def classified(text: str) -> Secret:
    """What a written secret is; Other or Unsupported when no login could be checked against it."""
    if text.startswith(OTP_PREFIX):
        raise Unsupported("API keys have no second factor")
    secret = classify(text)
    if secret.value and not secret.plain and not password_hashes.is_checkable(secret.value):
        raise Other("Invalid secret", "The password hash is not in a supported format")
    return secret


async def verified(secrets: Sequence[Held], settings: Settings) -> tuple[Verifier, ...]:
    """What logins are checked against; a plain secret costs some hundredths of a second, beside the event loop."""
    return tuple([it if isinstance(it, Verifier) else await _verifier(it, settings) for it in secrets])


async def _verifier(secret: Secret, settings: Settings) -> Verifier:
    remembered = stored(secret, settings).remember if settings.secrets_memory == "hashes" else ""
    made = await asyncio.to_thread(password_hashes.slow, secret.value) if secret.plain else secret.value
    return Verifier(made, secret.name, remembered)


async def _means(text: str, held: Verifier) -> bool:
    if not text:
        return bool(held.name)
    if text.startswith(APP_PREFIX):
        return bool(held.name) and (
            shown(held).startswith(text) or text.removeprefix(APP_PREFIX).partition("$")[0] == held.name
        )
    if held.name or text in {shown(held), held.hash}:
        return not held.name
    return await asyncio.to_thread(password_hashes.matches, text, held.hash)
