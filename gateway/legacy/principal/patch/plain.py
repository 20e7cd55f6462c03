"""Fields that are one property each, and the text that is name and description of roles and tenants (mapping-principals 1.7, 2)."""

from gateway.knowledge.value_forms import members
from gateway.legacy.principal.combined import SEPARATOR, joined
from gateway.legacy.principal.facts import KINDS
from gateway.legacy.principal.lookup import ALL_KINDS, look_up
from gateway.legacy.principal.patch.plan import Plan, Subject
from gateway.legacy.principal.values.actions import Step
from gateway.legacy.principal.values.addresses import taken
from gateway.legacy.principal.values.credentials import Secrets
from gateway.legacy.principal.values.locales import locale
from gateway.legacy.principal.values.quotas import patch as quota_patch
from gateway.legacy.principal.values.roles import id_patch
from gateway.legacy.refusals import Forbidden, ItemNotFound, Other, Unsupported


class Text:
    """A single text property; an empty text takes it away."""

    def __init__(self, subject: Subject, property_: str) -> None:
        self._subject = subject
        self._property = property_
        self._value = ""

    async def take(self, step: Step) -> None:
        """The last value counts."""
        self._value = "".join(step.items)

    async def finish(self, plan: Plan) -> None:
        """Nothing when it is what it was."""
        if (self._subject.object.get(self._property, self) or "") != self._value:
            plan.pointers[self._property] = self._value or None


class Locale:
    """The locale of an account."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._value = ""

    async def take(self, step: Step) -> None:
        """Unsupported for a locale that the new server does not know."""
        self._value = locale("".join(step.items))

    async def finish(self, plan: Plan) -> None:
        """Nothing when it is what it was."""
        if self._subject.object.get("locale") != self._value:
            plan.pointers["locale"] = self._value


class Quota:
    """The disk quota, or all limits of a tenant."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

        self._value: int | list[int] = 0

    async def take(self, step: Step) -> None:
        """Unsupported for a limit that does not exist any more."""
        match step.value:
            case int():
                self._value = step.value
            case list():
                self._value = [int(it) for it in step.value]
            case _:
                self._value = 0
        quota_patch(self._value, {})

    async def finish(self, plan: Plan) -> None:
        """Only what differs."""
        plan.pointers |= quota_patch(self._value, self._subject.object.get("quotas") or {})


class Tenant:
    """The tenant that a principal belongs to."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._id: str | None = None
        self._name = ""

    async def take(self, step: Step) -> None:
        """Forbidden for callers in a tenant, ItemNotFound for an unknown name, Other for one that is no tenant's."""
        if self._subject.context.tenant_bound:
            raise Forbidden
        self._name, self._id = "".join(step.items), None
        if not self._name:
            return
        tenant = await self._subject.found.find(self._name, {"tenant"})
        if tenant is None:
            found = await look_up(self._subject.exchange, self._name)
            if found.meanings(self._name, ALL_KINDS):
                raise Other("Not a tenant", f'Principal "{self._name}" is not a tenant')
            raise ItemNotFound(self._name)
        self._id = tenant.id

    async def finish(self, plan: Plan) -> None:
        """Nothing when it is what it was."""
        if self._subject.object.get("memberTenantId", self) != self._id:
            plan.pointers["memberTenantId"] = self._id
            if self._id is not None:
                plan.references[self._id] = self._name


class Texts:
    """A set of texts that are not checked: redirect URIs and contacts of OAuth clients."""

    def __init__(self, subject: Subject, property_: str, *, lower: bool) -> None:
        self._property = property_
        self._lower = lower
        self._before = members(subject.object.get(property_) or {})
        self._after = list(self._before)

    async def take(self, step: Step) -> None:
        """Removing what is not there is no error."""
        items = [it.lower() for it in step.items] if self._lower else step.items
        match step.action:
            case "set":
                self._after = items
            case "addItem":
                self._after += items
            case _:
                self._after = [it for it in self._after if it not in items]

    async def finish(self, plan: Plan) -> None:
        """Only what differs."""
        plan.pointers |= id_patch(self._before, [it for it in self._after if it], self._property)


class Credentials:
    """The secrets of an account."""

    def __init__(self, subject: Subject, slot: str | None, remembered: dict[str, str]) -> None:
        self._secrets = Secrets(subject.object, slot, remembered, subject.exchange.settings)

    async def take(self, step: Step) -> None:
        """Refusals of broken secrets."""
        match step.action:
            case "set":
                self._secrets.set(step.items)
            case "addItem":
                self._secrets.add(step.items[0])
            case _:
                self._secrets.remove(step.items[0])

    async def finish(self, plan: Plan) -> None:
        """Unsupported where one password is not enough."""
        plan.secrets = self._secrets.change()
        plan.pointers |= plan.secrets.patch


class Titled:
    """Name and description of a role or tenant, which share one property, and the names of domains and OAuth clients."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._before = self._now()
        self._name, self._description = self._before

    async def take(self, step: Step) -> None:
        """Other for a name that is taken or cannot be kept, Unsupported for the rename of a domain."""
        text = "".join(step.items)
        if step.field == "description":
            self._description = text
        elif text.lower() != self._before[0]:
            self._rename(text.lower())

    async def finish(self, plan: Plan) -> None:
        """The whole text when a part of it changes."""
        kind = self._subject.kind.word
        if (self._name, self._description) == self._before:
            return
        plan.name = self._name
        if kind == "oauthClient":
            plan.pointers["clientId"] = self._name
        else:
            plan.pointers["description" if kind == "role" else "name"] = joined(self._name, self._description)

    def _rename(self, name: str) -> None:
        if self._subject.kind is KINDS["domain"]:
            raise Unsupported("Renaming a domain would rename every address in it; create a new domain instead")
        if SEPARATOR in name:
            raise Other("Invalid principal name", f'The name must not contain "{SEPARATOR}"')
        if not name:
            raise Other("Invalid principal name", "The name must not be empty")
        insist_free(self._subject, name)
        self._name = name

    def _now(self) -> tuple[str, str]:
        context, id_ = self._subject.context, self._subject.id
        match self._subject.kind.word:
            case "role" | "tenant" as word:
                known = context.roles.get(id_) if word == "role" else context.tenants.get(id_)
                if known is None:
                    raise ItemNotFound(self._subject.found.name)
                return known.name, known.description or ""
            case "domain":
                domain = context.domains.get(id_)
                return domain.name if domain else self._subject.found.name, ""
        return self._subject.object["clientId"], ""


def insist_free(subject: Subject, name: str, *, exact: bool = False) -> None:
    """Refuse a new name that something else has; `exact` lets the same local part in another domain pass."""
    if _others(subject, name, exact=exact):
        raise taken("name", name)


def _others(subject: Subject, name: str, *, exact: bool) -> bool:
    found = subject.found
    meant = [*found.pool.remembered(name), *found.pool.exact(name, found.context)]
    if not exact:
        meant += found.pool.loose(name, found.context)
    return any((it.kind.object, it.id) != (subject.kind.object, subject.id) for it in meant)
