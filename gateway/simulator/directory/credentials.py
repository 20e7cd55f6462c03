"""App passwords and API keys: credentials inside an account (jmap-management-api 3.4, 3.5)."""

from gateway.simulator.callers import Caller
from gateway.simulator.declared import vocabulary
from gateway.simulator.errors import Object
from gateway.simulator.text_ids import canonical
from gateway.simulator.world import ObjectType, World


class SecondaryCredentials(ObjectType):
    """One kind of secondary credential of the account that a call names; they live in `credentials` of the account."""

    methods = frozenset({"get"})

    def __init__(self, world: World, name: str) -> None:
        super().__init__(world)
        self.name = name
        self.schema = vocabulary().objects[name].schema

    def get(self, caller: Caller, arguments: Object) -> Object:  # noqa: ARG002 - the account decides
        """Credentials of this kind; without ids, those of other kinds are told as not found."""
        account = self.world.kept("Account").objects.get(arguments["accountId"], {})
        held = {item["credentialId"]: item for item in account.get("credentials", {}).values()}
        ids = [known for id_ in arguments.get("ids", list(held)) if (known := canonical(id_)) is not None]
        wanted = frozenset(arguments.get("properties") or ())
        shown = []
        for id_ in ids:
            if id_ in held and held[id_]["@type"] == self.name:
                one = self.schema.show(held[id_])
                shown.append({name: content for name, content in one.items() if not wanted or name in wanted} | {"id": id_})
        missing = [id_ for id_ in ids if id_ not in held or held[id_]["@type"] != self.name]
        return {"accountId": arguments["accountId"], "list": shown, "notFound": missing}
