"""Keys that the server makes for domains with automatic management (jmap-management-api 3.6, 3.7; recordings `directory.domains.automatic`).

One domain after the other, as a background task does: an RSA key takes its time, so a new domain has its keys only after a while.
"""

import hashlib
import re
from collections import deque
from datetime import UTC, datetime

from gateway.knowledge.instants import text_of
from gateway.simulator.world import World

RSA_SECONDS = 2.0
VARIABLES = frozenset({"version", "algorithm", "date", "epoch", "random", "hash"})

_VARIABLE = re.compile(r"\{([^}-]*)-?([^}]*)\}")


class KeyMaker:
    """Makes the missing keys of the domains that ask, in the order in which they ask."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._waiting: deque[str] = deque()
        self._busy = False

    def ask(self, domain_id: str) -> None:
        """The domain wants a key for each of its algorithms."""
        self._waiting.append(domain_id)
        if not self._busy:
            self._next()

    def make_all(self, domain_id: str) -> None:
        """Every missing key of the domain, without delay."""
        for algorithm in self._missing(domain_id):
            self._make(domain_id, algorithm)

    def _next(self) -> None:
        self._busy = False
        while self._waiting and not self._busy:
            missing = self._missing(self._waiting[0])
            if missing:
                self._busy = True
                self._start(self._waiting[0], missing[0])
            else:
                self._waiting.popleft()

    def _start(self, domain_id: str, algorithm: str) -> None:
        def done() -> None:
            if algorithm in self._missing(domain_id):
                self._make(domain_id, algorithm)
            self._next()

        self._world.clock.at(self._world.clock.now() + (RSA_SECONDS if "Rsa" in algorithm else 0), done)

    def _missing(self, domain_id: str) -> list[str]:
        """Algorithms for which the domain wants a key and has none, by name."""
        management = self._world.kept("Domain").objects.get(domain_id, {}).get("dkimManagement", {})
        held = {key["@type"] for key in self._world.kept("DkimSignature").objects.values() if key["domainId"] == domain_id}
        return sorted(management.get("algorithms", {}).keys() - held)

    def _make(self, domain_id: str, algorithm: str) -> None:
        domain, signatures, now = self._world.kept("Domain").objects[domain_id], self._world.kept("DkimSignature"), self._world.clock.seconds()
        stored = signatures.schema.fresh(algorithm) | {"domainId": domain_id, "createdAt": text_of(now), "memberTenantId": domain["memberTenantId"]}
        id_ = signatures.new_id(stored)
        stored["selector"] = selector(domain["dkimManagement"]["selectorTemplate"], algorithm, now, id_)
        stored["privateKey"] = {"@type": "Text", "secret": f"key {id_}"}
        signatures.save(id_, stored)


def unknown_variables(template: str) -> list[str]:
    """What stands in braces in the template of a selector and means nothing."""
    return [found[0][1:-1] for found in _VARIABLE.finditer(template) if found[1] not in VARIABLES]


def selector(template: str, algorithm: str, now: int, id_: str) -> str:
    """Selector of a first key made at unix seconds `now`; `id_` stands for what is random."""
    digest = hashlib.sha256(id_.encode()).hexdigest()

    def value(found: re.Match[str]) -> str:
        if found[1] == "date":
            return datetime.fromtimestamp(now, UTC).strftime(found[2] or "%Y%m%d")
        return {"version": "1", "algorithm": "rsa" if "Rsa" in algorithm else "ed25519", "epoch": str(now), "random": digest[:8], "hash": digest[8:16]}[found[1]]

    return _VARIABLE.sub(value, template)
