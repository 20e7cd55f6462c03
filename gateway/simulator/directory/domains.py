"""Domains (jmap-management-api 3.6)."""

from collections.abc import Hashable, Iterable
from typing import Any

from gateway.knowledge.instants import text_of
from gateway.simulator.callers import Caller
from gateway.simulator.directory.accounts import accounts_of
from gateway.simulator.directory.key_making import KeyMaker, unknown_variables
from gateway.simulator.directory.zone import zone_file
from gateway.simulator.errors import Object, SetError
from gateway.simulator.objects.language import Declaration, Vocabulary
from gateway.simulator.objects.stored import StoredObjects
from gateway.simulator.world import World


class Domains(StoredObjects):
    """Domains; one whose keys are managed automatically gets a signature for each algorithm."""

    def __init__(self, world: World, declaration: Declaration, vocabulary: Vocabulary) -> None:
        super().__init__(world, declaration, vocabulary)
        self.key_maker = KeyMaker(world)
        world.on("domain.keys.wanted", self.key_maker.ask)

    def make_default(self, name: str) -> None:
        """The domain a fresh server starts with."""
        id_ = self.new_id({})
        domain = self.schema.fresh(None) | {"name": name, "createdAt": text_of(self.world.clock.seconds())}
        self.save(id_, domain)
        self.key_maker.make_all(id_)

    def compute(self, name: str, id_: str, stored: Object) -> Any:  # noqa: ARG002 - a hook
        """The zone file."""
        keys = [key for key in self.world.kept("DkimSignature").objects.values() if key["domainId"] == id_]
        return zone_file(stored, keys, self.world.config.host_name)

    def keys(self, stored: Object) -> Iterable[tuple[str, Hashable, str]]:
        """Names are unique; aliases are not checked."""
        yield "Domain", stored["name"], "name"

    def refine(self, caller: Caller, id_: str, old: Object | None, stored: Object) -> None:  # noqa: ARG002 - a hook
        """The certificate provider must exist; only known variables may stand in the selector template."""
        for variable in unknown_variables(stored["dkimManagement"].get("selectorTemplate") or ""):
            raise SetError("invalidProperties", f"unrecognized variable '{{{variable}}}'", properties=["selectorTemplate"])
        provider = stored["certificateManagement"].get("acmeProviderId")
        if provider is not None and not self.world.exists("AcmeProvider", provider):
            raise SetError("invalidProperties", "ACME provider not found", properties=["acmeProviderId"])

    def written(self, caller: Caller, id_: str, old: Object | None, new: Object | None) -> None:  # noqa: ARG002 - a hook
        """A domain that begins to manage its keys itself gets them after a while."""
        if new is not None and old is None:
            accounts_of(self.world).caches.forget_domain(new["name"])
        if new is not None and (old is None or old["dkimManagement"]["@type"] == "Manual"):
            self.key_maker.ask(id_)
