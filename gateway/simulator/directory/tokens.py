"""Tokens of OAuth (jmap-management-api 1.3, 4.6): whose they are, and until when. All of an account die with its password."""

import base64
import secrets
from dataclasses import dataclass

from gateway.simulator.errors import Object

ACCESS_SECONDS = 3600
REFRESH_SECONDS = 30 * 86_400
RENEWED_BELOW_SECONDS = 4 * 86_400


@dataclass(frozen=True, slots=True)
class Token:
    """One token that was given out; `password` is the hash of the owner's password at that moment, times are unix seconds."""

    account_id: str
    login: str
    password: str
    refresh: bool
    issued: int
    expires: int


class Tokens:
    """All tokens that were given out, by their text."""

    def __init__(self) -> None:
        self._held: dict[str, Token] = {}

    def issue(self, owner: tuple[str, str, str], now: int, *, refresh: bool = False) -> str:
        """A new token for (account id, login, hash of the password)."""
        account_id, login, password = owner
        text = f"sw1.{secrets.token_urlsafe(48)}.{base64.urlsafe_b64encode(login.encode()).decode().rstrip('=')}"
        self._held[text] = Token(account_id, login, password, refresh, now, now + (REFRESH_SECONDS if refresh else ACCESS_SECONDS))
        return text

    def find(self, text: str, now: int, accounts: Object) -> Token | None:
        """The token, unless it is over or its account is gone or has another password; `accounts` are the stored ones by id."""
        token = self._held.get(text)
        if token is None or token.expires <= now or password_of(accounts.get(token.account_id)) != token.password:
            self._held.pop(text, None)
            return None
        return token


def password_of(account: Object | None) -> str:
    """Hash of the password of a stored account, "" without one."""
    items = account["credentials"].values() if account and account["@type"] == "User" else ()
    return next((item["secret"] for item in items if item["@type"] == "Password"), "")
