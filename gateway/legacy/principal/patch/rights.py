"""Roles and permissions (mapping-principals 2.12, 2.13)."""

from gateway.jmap.calls import Object
from gateway.knowledge.value_forms import members
from gateway.legacy.principal.context import tenant_of
from gateway.legacy.principal.facts import BUILT_IN_ROLES
from gateway.legacy.principal.lookup import ALL_KINDS, look_up
from gateway.legacy.principal.patch.plan import Plan, Subject
from gateway.legacy.principal.reading import role_names, roles_of
from gateway.legacy.principal.shapes import TENANT_ROLES
from gateway.legacy.principal.values.actions import Step
from gateway.legacy.principal.values.permissions import SIDES, Lists
from gateway.legacy.principal.values.roles import (
    NO_EFFECT,
    account_roles,
    folded,
    id_patch,
    ids_of,
    meanings,
    role_ids,
    role_patch,
    tenant_roles,
    unknown,
)
from gateway.legacy.refusals import ItemNotFound, Other, Unsupported


class Roles:
    """The roles of an account or tenant, or in a role."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._before = self._read()
        self._after = list(self._before)

    async def take(self, step: Step) -> None:
        """ItemNotFound for unknown names, Other for what is no role; removing what is not there is no error."""
        if step.action == "removeItem":
            same = {it.name for it in meanings(step.items[0], self._subject.context)}
            self._after = [it for it in self._after if it != step.items[0] and it not in same]
            return
        await self._insist(step.items)
        self._after = folded([] if step.action == "set" else self._after, step.items)

    async def finish(self, plan: Plan) -> None:
        """Nothing when the names are what they were; Unsupported where roles have no effect."""
        subject, context = self._subject, self._subject.context
        if set(self._after) == set(self._before):
            return
        plan.references |= {
            id_: name for name, ids in role_ids(self._after, context).items() if name not in BUILT_IN_ROLES for id_ in ids
        }
        if subject.kind.word == "role":
            plan.pointers |= id_patch(members(subject.object.get("roleIds") or {}), ids_of(self._after, context), "roleIds")
            return
        if subject.object["permissions"]["@type"] == "Replace":
            raise Unsupported(NO_EFFECT)
        if subject.kind.word == "tenant":
            wanted = tenant_roles(self._after, context)
        else:
            wanted = account_roles(self._after, context, in_tenant=tenant_of(subject.object) is not None)
        plan.pointers |= role_patch(subject.object["roles"], wanted)

    def _read(self) -> list[str]:
        subject = self._subject
        if subject.kind.word == "role":
            return role_names(members(subject.object.get("roleIds") or {}), subject.context)
        if subject.kind.word == "tenant" and subject.object["roles"]["@type"] == "Default":
            return [*TENANT_ROLES]
        return roles_of(subject.object, subject.context)

    async def _insist(self, names: list[str]) -> None:
        """Refuse names that are no roles, after another look at what roles there are."""
        subject = self._subject
        known = set(self._before)
        if subject.found.cached and unknown([it for it in names if it not in known], subject.context):
            await subject.found.refresh()
        for name in unknown([it for it in names if it not in known], subject.context):
            if (await look_up(subject.exchange, name)).meanings(name, ALL_KINDS):
                raise Other("Invalid roles value", f'Principal "{name}" is not a Role.')
            raise ItemNotFound(name)


class Permissions:
    """Enabled and disabled permissions of an account, tenant or role."""

    def __init__(self, subject: Subject, holder: Object | None = None) -> None:
        self._holder = subject.object if holder is None else holder
        in_tenant = subject.kind.word != "tenant" and tenant_of(subject.object) is not None
        self._lists = Lists.of(self._holder, subject.exchange.settings, in_tenant=in_tenant)

    async def take(self, step: Step) -> None:
        """Other for names that no permission has, or none any more."""
        side = SIDES[step.field == SIDES[1]]
        match step.action:
            case "set":
                self._lists.set(side, step.items)
            case "addItem":
                self._lists.add(side, step.items[0])
            case _:
                self._lists.remove(side, step.items[0])

    async def finish(self, plan: Plan) -> None:
        """Only what differs; Other for a removal that could have no effect."""
        plan.pointers |= self._lists.patch(self._holder)
