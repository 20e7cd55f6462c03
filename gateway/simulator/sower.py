"""Makes objects in a fresh world the way an administrator would."""

import base64
from collections.abc import Iterable, MutableMapping

from gateway.simulator.auth import administrator
from gateway.simulator.errors import Object
from gateway.simulator.text_ids import SINGLETON
from gateway.simulator.world import World


class Sower:
    """Creates objects through the object types, so that every check applies."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._caller = administrator(world)

    def make(self, kind: str, value: Object) -> str:
        """Id of the new object; ValueError with the refusal."""
        references: MutableMapping[str, str] = {}
        arguments = {"accountId": self._caller.account_id, "create": {"new": value}}
        answer = self.world.types[kind].set(self._caller, arguments, references)
        if "created" not in answer:
            raise ValueError(f"{kind} {value}: {answer['notCreated']['new']}")
        return str(answer["created"]["new"]["id"])

    def adjust(self, kind: str, value: Object) -> None:
        """Change an object of which there is one; ValueError with the refusal."""
        answer = self.world.types[kind].set(self._caller, {"accountId": self._caller.account_id, "update": {SINGLETON: value}}, {})
        if SINGLETON not in answer.get("updated", ()):
            raise ValueError(f"{kind} {value}: {answer['notUpdated'][SINGLETON]}")

    def user(self, name: str, domain_id: str, secret: str, *, aliases: Iterable[str] = (), **more: object) -> str:
        """Id of a new account with a password."""
        value: Object = {
            "@type": "User",
            "name": name,
            "domainId": domain_id,
            "credentials": {"0": {"@type": "Password", "secret": secret}},
            "aliases": {str(place): {"name": alias, "domainId": domain_id} for place, alias in enumerate(aliases)},
        }
        return self.make("Account", value | more)


def handed_over(sender: str, recipients: tuple[str, ...], data: bytes) -> Object:
    """A message as `World.inject` takes it, from a client elsewhere."""
    return {
        "mail_from": sender,
        "mail_options": [],
        "rcpt_to": list(recipients),
        "rcpt_options": [],
        "helo": "client.sender.test",
        "remote_ip": "127.0.0.1",
        "data": base64.b64encode(data).decode(),
    }
