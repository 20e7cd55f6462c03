"""Authorization codes and device codes: how they come to be and what they are exchanged for (jmap-management-api 4.1, 4.6)."""

import base64
import hashlib
import hmac
import secrets
import string
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from gateway.simulator.auth import with_password
from gateway.simulator.callers import Caller
from gateway.simulator.directory.accounts import accounts_of
from gateway.simulator.directory.tokens import ACCESS_SECONDS, RENEWED_BELOW_SECONDS, password_of
from gateway.simulator.directory.totp import accepts
from gateway.simulator.errors import Object, Refusal
from gateway.simulator.oauth.identity import Identity
from gateway.simulator.oauth.metadata import DEVICE_GRANT
from gateway.simulator.oauth.registration import Clients
from gateway.simulator.problems import unauthorized
from gateway.simulator.world import World

CODE_SECONDS = 600
USER_CODE_SECONDS = 1800
POLL_SECONDS = 5
MOST_ATTEMPTS = 3

_CODE_LETTERS = string.ascii_letters + string.digits
_USER_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
FAILURE: Object = {"type": "failure"}


class Denied(Refusal):
    """An answer of the token endpoint that gives nothing: `{"error": …}`."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


@dataclass(slots=True)
class Code:
    """What an authorization code or device code stands for; without `owner` nobody has agreed yet."""

    client: str
    expires: float
    owner: tuple[str, str, str] | None = None
    asked: Object = field(default_factory=dict)
    attempts: int = 0


class Flows:
    """The codes of a world, and what is given for them."""

    def __init__(self, world: World, clients: Clients) -> None:
        self.world = world
        self.identity = Identity(world)
        self._clients = clients
        self._codes: dict[str, Code] = {}
        self._devices: dict[str, Code] = {}
        self._user_codes: dict[str, str] = {}

    # logging in

    def log_in(self, given: Object) -> Object:
        """The answer of `/api/auth` to a body that could be read; Problem 401 for a client that may not ask."""
        if given["type"] == "authCode":
            self._check_client(given)
        found = with_password(self.world, given["accountName"].strip(), given["accountSecret"])
        if found is None or not found[0].may("authenticate"):
            return FAILURE
        caller, factor = found
        if factor is not None:
            if "mfaToken" not in given:
                return {"type": "mfaRequired"}
            if not accepts(factor, given["mfaToken"], self.world.clock.seconds()):
                return FAILURE
        if given["type"] == "authDevice":
            return self._agree(given["code"], caller)
        text = _random(40, _CODE_LETTERS)
        self._codes[text] = Code(given["clientId"], self.world.clock.now() + CODE_SECONDS, self._owner(caller), given)
        return {"type": "authenticated", "client_code": text, "iss": self.world.config.public_url}

    def _check_client(self, given: Object) -> None:
        redirect, challenge, method = given.get("redirectUri"), given.get("codeChallenge"), given.get("codeChallengeMethod", "plain")
        allowed = (
            redirect is not None
            and method in {"plain", "S256"}
            and (challenge is not None or not redirect.startswith("http://"))
            and self._clients.fits(given["clientId"], redirect, method if challenge else None)
            and all(self._is_own(resource) for resource in given.get("resource", ()))
        )
        if not allowed:
            raise unauthorized()

    def _is_own(self, resource: str) -> bool:
        try:
            return urlsplit(resource).hostname == self.world.config.host_name
        except ValueError:
            return False

    def _owner(self, caller: Caller) -> tuple[str, str, str]:
        return caller.account_id, caller.login, password_of(accounts_of(self.world).objects.get(caller.account_id))

    def _agree(self, user_code: str, caller: Caller) -> Object:
        device = self._devices.get(self._user_codes.pop(user_code, ""))
        if device is None or device.expires <= self.world.clock.now():
            return FAILURE
        device.owner = self._owner(caller)
        return {"type": "verified"}

    # devices

    def start_device(self, client: str, scope: str | None) -> Object:
        """Codes for a device and for the person who holds it."""
        device, user = _random(40, _CODE_LETTERS), "-".join(_random(4, _USER_LETTERS) for _ in range(2))
        asked = {"scope": scope} if scope else {}
        self._devices[device] = Code(client, self.world.clock.now() + USER_CODE_SECONDS, asked=asked)
        self._user_codes[user] = device
        page = self.world.config.public_url + "/device"
        return {
            "device_code": device,
            "user_code": user,
            "verification_uri": page,
            "verification_uri_complete": f"{page}/?code={user}",
            "expires_in": USER_CODE_SECONDS,
            "interval": POLL_SECONDS,
        }

    # tokens

    def exchange(self, form: dict[str, str]) -> Object:
        """The answer of the token endpoint; Denied when it gives nothing."""
        grant = form.get("grant_type")
        if grant == "authorization_code":
            return self._for_code(form)
        if grant == "refresh_token":
            return self._for_refresh(form.get("refresh_token", ""))
        if grant == DEVICE_GRANT:
            return self._for_device(form)
        raise Denied("invalid_grant")

    def _for_code(self, form: dict[str, str]) -> Object:
        text = form.get("code", "")
        code = self._codes.get(text)
        if code is None or code.expires <= self.world.clock.now() or code.attempts >= MOST_ATTEMPTS:
            self._codes.pop(text, None)
            raise Denied("access_denied")
        code.attempts += 1
        if form.get("client_id") != code.client or form.get("redirect_uri") != code.asked.get("redirectUri"):
            raise Denied("invalid_client")
        if not _verified(code.asked, form.get("code_verifier", "")):
            raise Denied("invalid_grant")
        del self._codes[text]
        return self._tokens(code)

    def _for_device(self, form: dict[str, str]) -> Object:
        text = form.get("device_code", "")
        device = self._devices.get(text)
        if device is None or device.expires <= self.world.clock.now():
            raise Denied("expired_token")
        if form.get("client_id") != device.client:
            raise Denied("invalid_client")
        if device.owner is None:
            raise Denied("authorization_pending")
        del self._devices[text]
        return self._tokens(device)

    def _for_refresh(self, text: str) -> Object:
        accounts, now = accounts_of(self.world), self.world.clock.seconds()
        token = accounts.tokens.find(text, now, accounts.objects)
        if token is None or not token.refresh:
            raise Denied("invalid_grant")
        owner = token.account_id, token.login, token.password
        answer: Object = {"access_token": accounts.tokens.issue(owner, now), "token_type": "bearer", "expires_in": ACCESS_SECONDS}
        if token.expires - now <= RENEWED_BELOW_SECONDS:
            answer["refresh_token"] = accounts.tokens.issue(owner, now, refresh=True)
        return answer

    def _tokens(self, code: Code) -> Object:
        assert code.owner is not None  # noqa: S101 - somebody agreed
        tokens, now = accounts_of(self.world).tokens, self.world.clock.seconds()
        answer: Object = {"access_token": tokens.issue(code.owner, now), "token_type": "bearer", "expires_in": ACCESS_SECONDS}
        answer["refresh_token"] = tokens.issue(code.owner, now, refresh=True)
        if code.asked.get("scope"):
            answer["scope"] = code.asked["scope"]
        answer["id_token"] = self.identity.token(*code.owner[:2], code.client, code.asked.get("nonce"))
        return answer


def _verified(asked: Object, verifier: str) -> bool:
    """Whether the verifier belongs to the challenge of the login (RFC 7636)."""
    challenge = asked.get("codeChallenge")
    if challenge is None:
        return True
    if asked.get("codeChallengeMethod") == "S256":
        verifier = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    return hmac.compare_digest(verifier.encode(), challenge.encode())


def _random(count: int, letters: str) -> str:
    return "".join(secrets.choice(letters) for _ in range(count))
