"""What the object types of telemetry have in common: they can only be read (jmap-management-api 3.25)."""

from collections.abc import Iterable, MutableMapping

from gateway.simulator.callers import Caller
from gateway.simulator.errors import ENTERPRISE_ONLY, MethodError, Object, SetError
from gateway.simulator.text_ids import canonical
from gateway.simulator.world import ObjectType


class Unwritable(ObjectType):
    """Objects that the server makes and forgets by itself. `enterprise`: of that edition only; `properties` are the names of all."""

    enterprise = True
    properties: frozenset[str] = frozenset()

    def authorise(self, caller: Caller, method: str, arguments: Object) -> None:
        """As for every type; whoever would be allowed is then refused on other editions."""
        super().authorise(caller, method, arguments)
        if self.enterprise and not self.world.enterprise:
            raise MethodError("forbidden", ENTERPRISE_ONLY)

    def exists(self, id_: str, variant: str = "") -> bool:  # noqa: ARG002 - nothing refers to one
        """Nothing refers to one."""
        return False

    def set(self, caller: Caller, arguments: Object, references: MutableMapping[str, str]) -> Object:  # noqa: ARG002 - the same for everybody
        """Refused, whether there is such an object or not."""
        answer: Object = {"accountId": arguments["accountId"]}
        for verb, member, done in (("create", "notCreated", "created"), ("update", "notUpdated", "modified"), ("destroy", "notDestroyed", "deleted")):
            named = arguments.get(verb) or ()
            names: Iterable[str] = named if verb == "create" else filter(None, map(canonical, named))
            refused = {name: SetError("forbidden", f"Telemetry objects cannot be {done}").wire() for name in names}
            if refused:
                answer[member] = refused
        return answer

    def wanted(self, arguments: Object) -> frozenset[str]:
        """Properties that are asked for: all when there is none among them."""
        return frozenset(arguments.get("properties") or ()) & self.properties or self.properties
