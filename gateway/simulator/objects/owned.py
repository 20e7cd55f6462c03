"""Objects that each belong to one account, with a content (jmap-management-api 3.17, 3.23)."""

from collections.abc import Mapping

from gateway.simulator.callers import Caller
from gateway.simulator.errors import MethodError, Object
from gateway.simulator.objects.lookup import flat
from gateway.simulator.objects.stored import StoredObjects


class OwnedObjects(StoredObjects):
    """Seen by those whose account is in `accountId`, and by those who may act as anybody."""

    def query(self, caller: Caller, arguments: Object) -> Object:
        """As for every type; only those who may act as others know that there are accounts."""
        if not caller.may("impersonate") and any(name == "accountId" for name, _ in flat(arguments.get("filter"))):
            raise MethodError("unsupportedFilter", "Filter on property accountId is not supported or invalid")
        return super().query(caller, arguments)

    def visible(self, caller: Caller, arguments: Object) -> Mapping[str, Object]:  # noqa: ARG002 - a hook
        """All objects, or those of the caller."""
        if caller.may("impersonate"):
            return self.objects
        return {id_: stored for id_, stored in self.objects.items() if stored["accountId"] == caller.account_id}

    def show(self, caller: Caller, id_: str, stored: Object, wanted: frozenset[str]) -> Object:
        """Wire form; others than those who may act as anybody see no account, and an id of the content that is theirs for an hour."""
        shown = super().show(caller, id_, stored, wanted)
        if not caller.may("impersonate"):
            shown.pop("accountId", None)
            if "blobId" in shown:
                shown["blobId"] = self.world.blobs.lend(caller.account_id, stored["blobId"])
        return shown
