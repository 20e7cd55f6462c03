"""Who an account is: claims and signed identity tokens (OpenID Connect; jmap-management-api 4.6)."""

import base64

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.simulator.directory.tokens import ACCESS_SECONDS
from gateway.simulator.errors import Object
from gateway.simulator.text_ids import number_of
from gateway.simulator.world import World

KEY_NAME = "default"
_COORDINATE_BYTES = 32


class Identity:
    """The signing key of a world; made when it is first needed."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._made: ec.EllipticCurvePrivateKey | None = None

    @property
    def _key(self) -> ec.EllipticCurvePrivateKey:
        if self._made is None:
            self._made = ec.generate_private_key(ec.SECP256R1())
        return self._made

    def claims(self, account_id: str, login: str) -> Object:
        """What is told about an account."""
        account = self._world.kept("Account").objects.get(account_id, {})
        return {"sub": str(number_of(account_id)), "name": account.get("description") or login, "preferred_username": login, "email": login, "email_verified": True}

    def token(self, account_id: str, login: str, client: str, nonce: str | None) -> str:
        """An identity token for a client."""
        now = self._world.clock.seconds()
        claims = self.claims(account_id, login) | {"iss": self._world.config.public_url, "aud": client, "iat": now, "exp": now + ACCESS_SECONDS}
        return jwt.encode(claims | ({"nonce": nonce} if nonce else {}), self._key, "ES256", {"kid": KEY_NAME})

    def keys(self) -> Object:
        """The public key as a set (RFC 7517)."""
        numbers = self._key.public_key().public_numbers()
        return {"keys": [{"use": "sig", "alg": "ES256", "kid": KEY_NAME, "kty": "EC", "crv": "P-256", "x": _coordinate(numbers.x), "y": _coordinate(numbers.y)}]}


def _coordinate(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(_COORDINATE_BYTES, "big")).decode().rstrip("=")
