"""What a principal belongs to: groups and lists of accounts; and the words for principals that can belong to nothing (mapping-principals 2.1, 3.5, 5)."""

from gateway.jmap.calls import Get
from gateway.knowledge.pointers import path
from gateway.knowledge.value_forms import members
from gateway.legacy.principal.candidates import ACCOUNT, LIST, Candidate
from gateway.legacy.principal.facts import BUILT_IN_ROLES, MAIL_KINDS
from gateway.legacy.principal.lookup import ALL_KINDS
from gateway.legacy.principal.names import Names
from gateway.legacy.principal.patch.lists import lists_with
from gateway.legacy.principal.patch.plan import Plan, Subject
from gateway.legacy.principal.reading import addresses_of
from gateway.legacy.principal.values.actions import Step
from gateway.legacy.principal.values.roles import id_patch
from gateway.legacy.refusals import ItemNotFound, Other, Unsupported

NESTED = "Nested groups are not supported in Stalwart 0.16"

_NAMED = ("id", "emailAddress", "name")


async def named(subject: Subject, name: str) -> Candidate:
    """What a name in a list of names means: an account or list, else anything else of that name; ItemNotFound when nothing."""
    found = subject.found
    candidate = await found.find(name, MAIL_KINDS) or await found.find(name, ALL_KINDS)
    if candidate is None:
        raise ItemNotFound(name)
    return candidate


class Groups:
    """The groups of an account."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._before = members(subject.object.get("memberGroupIds") or {})
        self._after = list(self._before)
        self._names: dict[str, str] | None = None

    async def take(self, step: Step) -> None:
        """ItemNotFound for unknown names, Other for what is no group; removing what is not there is no error."""
        match step.action:
            case "set":
                self._after = [await self._group(name) for name in step.items]
            case "addItem":
                self._after.append(await self._group(step.items[0]))
            case _:
                present = await self._present()
                gone = present.get(step.items[0])
                self._after = [it for it in self._after if it != gone]

    async def finish(self, plan: Plan) -> None:
        """Only what differs."""
        plan.pointers |= id_patch(self._before, self._after, "memberGroupIds")

    async def _group(self, name: str) -> str:
        if self._names is not None and name in self._names:
            return self._names[name]
        candidate = await named(self._subject, name)
        if candidate.kind.word == "group":
            return candidate.id
        kinds = "Group" if candidate.kind.word == "individual" else "Group, Individual"
        raise Other("Invalid memberOf value", f'Principal "{name}" is not a {kinds}.')

    async def _present(self) -> dict[str, str]:
        """Ids of the present groups by all their names: as clients read it, address, local part where no other has it."""
        if self._names is None:
            exchange = self._subject.exchange
            groups = []
            if self._before:
                (answer,) = await exchange.caller.request(Get(ACCOUNT, sorted(self._before), _NAMED))
                groups = answer["list"]
            names = await Names.of(exchange, self._subject.context, [it["emailAddress"] for it in groups])
            local = [it["emailAddress"].rpartition("@")[0] for it in groups]
            self._names = {
                **{name: it["id"] for name, it in zip(local, groups, strict=True) if local.count(name) == 1},
                **{it["emailAddress"]: it["id"] for it in groups},
                **{names.mail(ACCOUNT, it): it["id"] for it in groups},
            }
        return self._names

    async def read(self) -> None:
        """Read the names of the present groups, for steps that replace or remove."""
        await self._present()


class Lists:
    """The lists that an account or group is a member of."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._added: dict[str, str] = {}
        self._removed: set[str] = set()
        self._exact = False

    async def take(self, step: Step) -> None:
        """ItemNotFound for unknown names, Other for what is no list; removing what is not there is no error."""
        match step.action:
            case "set":
                self._added = {(await self._list(name)): name for name in step.items}
                self._removed, self._exact = set(), True
            case "addItem":
                id_ = await self._list(step.items[0])
                if id_:
                    self._added[id_] = step.items[0]
                    self._removed.discard(id_)
            case _:
                found = await self._subject.found.find(step.items[0], MAIL_KINDS)
                if found is not None:
                    self._added.pop(found.id, None)
                    self._removed.add(found.id)

    async def finish(self, plan: Plan) -> None:
        """Patches of the lists: the own address is added, every address of the account removed."""
        subject = self._subject
        addresses = {it.lower() for it in addresses_of(subject.object, subject.context)}
        present = {it["id"]: it for it in await lists_with(subject, sorted(addresses))}
        own = plan.own or subject.own
        for id_, list_ in present.items():
            if id_ in self._removed or (self._exact and id_ not in self._added):
                plan.others.get(LIST, {}).get(id_, {}).pop(path("recipients", own), None)
                plan.change(LIST, id_, {path("recipients", it): None for it in members(list_["recipients"]) if it.lower() in addresses})
        for id_ in self._added:
            if id_ not in present:
                plan.change(LIST, id_, {path("recipients", own): True})

    async def _list(self, name: str) -> str:
        """Id of a list; "" for a group that the account is in, which the old server takes for done."""
        candidate = await named(self._subject, name)
        if candidate.kind.word == "list":
            return candidate.id
        if candidate.kind.word == "group" and candidate.id in (self._subject.object.get("memberGroupIds") or {}):
            return ""
        raise Other("Invalid lists value", f'Principal "{name}" is not a List.')


class Nowhere:
    """Memberships of a principal that cannot have any: names are looked up all the same."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    async def take(self, step: Step) -> None:
        """ItemNotFound for unknown names, Other or Unsupported for known ones."""
        if step.action == "removeItem":
            return
        for name in step.items:
            candidate = None if step.field == "roles" and name in BUILT_IN_ROLES else await named(self._subject, name)
            if step.field == "memberOf" and self._subject.kind.word == "group" and candidate is not None:
                if candidate.kind.word == "group":
                    raise Unsupported(NESTED)
                raise Other("Invalid memberOf value", f'Principal "{name}" is not a Group.')
            raise Other(f"Invalid {step.field} value", f'Principal "{name}" cannot be added as a member.')

    async def finish(self, plan: Plan) -> None:
        """Nothing to send."""
