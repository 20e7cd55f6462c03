"""What a simulated server holds when it starts.

| Profile | Contents |
|---|---|
| `empty` | the default domain with its keys, default roles and settings: a server after its first start |
| `demo` | two domains with people, a list and a role; a queue in all states; reports received and being collected |
| `scenario`, `scenario-…` | the surroundings that a recorded old client's program prepares for itself, by section |
| a file | JSON: `{"calls": [["x:Domain/set", {…}], …], "mail": [{…}, …]}`, made as the administrator; mail as for `/.simulator/inject` |
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gateway.simulator import demonstration
from gateway.simulator.auth import administrator
from gateway.simulator.dispatch import run_one
from gateway.simulator.errors import Object
from gateway.simulator.mail import seeds
from gateway.simulator.mail.queued_messages import QueuedMessages
from gateway.simulator.reports.samples import samples
from gateway.simulator.sower import Sower, handed_over
from gateway.simulator.world import World

PASSWORD = "pw-of-lab-user"  # noqa: S105 - a made-up account

# How the recorded server was set up: every client may hand over mail for anybody, and there is no network.
_LAB: Mapping[str, Object] = {
    "MtaStageAuth": {"require": {"match": {}, "else": "false"}},
    "MtaStageRcpt": {"allowRelaying": {"match": {}, "else": "true"}},
    "SpamPyzor": {"enable": False},
}


def sow(world: World) -> None:
    """Fill the world as its configuration says; ValueError for a profile that does not exist or a file that cannot be used."""
    name = world.config.seed
    profile = _PROFILES.get(name) or (_scenario if name.startswith("scenario-") else None)
    if profile:
        profile(world)
    elif Path(name).is_file():
        _file(world, json.loads(Path(name).read_text("utf-8")))
    else:
        raise ValueError(f"no such seed: {name} (known: {', '.join(sorted(_PROFILES))}, or a JSON file)")


def _empty(_world: World) -> None:
    """Nothing to add."""


def _scenario(world: World) -> None:
    """Mailboxes and settings of the recorded program; its queue section sends everything through the queue `default`."""
    sower = Sower(world)
    domain = sower.make("Domain", {"name": "example.org", "dkimManagement": {"@type": "Manual"}})
    for name, aliases in {"reports": ("dmarc", "tlsrpt", "abuse"), "or-box": ()}.items():
        sower.user(name, domain, PASSWORD, aliases=aliases)
    for kind, change in _LAB.items():
        sower.adjust(kind, change)
    world.tell("settings.reloaded", None)
    queue = world.types["QueuedMessage"]
    assert isinstance(queue, QueuedMessages)  # noqa: S101 - the mail room is always there
    queue.room.queue.surroundings = seeds.only_below_fails()
    if world.config.seed == "scenario-queue":
        seeds.send_through(world, "default")
    if world.config.seed == "scenario-destructive":
        _left_behind(sower, domain)


def _left_behind(sower: Sower, domain: str) -> None:
    """One object of each kind that the recorded server still had from earlier sections when the section of bulk deletions came."""
    sower.make("OAuthClient", {"clientId": "left-client", "redirectUris": {"https://left.test/callback": True}})
    sower.make("Role", {"description": "left-role", "enabledPermissions": {"authenticate": True}})
    sower.make("Account", {"@type": "Group", "name": "left-group", "domainId": domain})
    world = sower.world
    complaint = next(sample for sample in samples("example.org", world.clock.seconds()) if sample.recipient.startswith("abuse@"))
    letter = b"From: alice@sender.test\r\nTo: reports@example.org\r\nSubject: Left behind\r\n\r\nHello\r\n"
    world.inject(handed_over("reports@example.org", ("left@temp.test",), letter))
    world.inject(handed_over("alice@sender.test", ("reports@example.org",), letter))
    world.inject(handed_over(complaint.return_path, (complaint.recipient,), complaint.data))


def _file(world: World, content: Mapping[str, Any]) -> None:
    caller = administrator(world)
    for method, arguments in content.get("calls", ()):
        answer = run_one(world, caller, method, arguments)
        refused = {name: answer[name] for name in ("type", "notCreated", "notUpdated", "notDestroyed") if name in answer}
        if refused:
            raise ValueError(f"seed: {method}: {json.dumps(refused)}")
    for message in content.get("mail", ()):
        world.inject(message)


_PROFILES: dict[str, Callable[[World], None]] = {"empty": _empty, "scenario": _scenario, "demo": demonstration.sow}
