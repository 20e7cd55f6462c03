"""Who belongs to a group, list or role (mapping-principals 2.2, 2.3, 2.6)."""

from collections.abc import Iterable

from gateway.jmap.calls import BY_ID, Query
from gateway.knowledge.pointers import path
from gateway.knowledge.value_forms import members
from gateway.legacy.principal.around import NAMED, members_of_group
from gateway.legacy.principal.candidates import ACCOUNT, Candidate
from gateway.legacy.principal.facts import MAIL_KINDS
from gateway.legacy.principal.gather import Sought, gather
from gateway.legacy.principal.names import Names
from gateway.legacy.principal.patch.membership import NESTED, named
from gateway.legacy.principal.patch.plan import Plan, Subject
from gateway.legacy.principal.values.actions import Step
from gateway.legacy.principal.values.externals import external, not_external
from gateway.legacy.principal.values.roles import id_patch
from gateway.legacy.refusals import Other, Unsupported
from gateway.settings import Settings

HOLDER = ("id", "emailAddress", "roles")


# Domains of private networks, which no list of public suffixes has.
_PRIVATE = frozenset({"test", "localhost", "local", "internal", "lan", "home", "corp", "intranet", "private", "localdomain"})


def outside(text: str, settings: Settings) -> str:
    """An address elsewhere that is added later; Other when it is none, and as v0.15 did when it is not below a public suffix."""
    address = external(text)
    if settings.legacy_version == "0.15" and address.rpartition(".")[2] in _PRIVATE:
        raise not_external(text)
    return address


def no_member(name: str, kinds: str = "") -> Other:
    """Refusal of a member that is of another kind."""
    return Other("Invalid members value", f'Principal "{name}" is not one of {kinds}.')


class GroupMembers:
    """The users in a group, who know their groups themselves."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._added: set[str] = set()
        self._removed: set[str] = set()
        self._exact = False

    async def take(self, step: Step) -> None:
        """ItemNotFound for unknown names, Other for what is no user, Unsupported for groups; removing who is not in it is no error."""
        if step.action == "removeItem":
            found = await self._subject.found.find(step.items[0], MAIL_KINDS)
            if found is not None and found.kind.word == "individual":
                self._added.discard(found.id)
                if self._holds(found):
                    self._removed.add(found.id)
            return
        users = [await self._user(name) for name in step.items]
        if step.action == "set":
            self._exact, self._removed = True, set()
            self._added = {it.id for it in users}
            return
        for user in users:
            self._removed.discard(user.id)
            if self._exact or not self._holds(user):
                self._added.add(user.id)

    async def finish(self, plan: Plan) -> None:
        """A patch of every user who joins or leaves."""
        subject, joining, leaving = self._subject, self._added, self._removed
        if self._exact:
            query = members_of_group(subject.id, subject.exchange.settings.get_page)
            (present,), _ = await gather(subject.exchange, [Sought(query, NAMED)])
            before = {it["id"] for it in present}
            joining, leaving = self._added - before, (before - self._added)
        for id_ in sorted(joining):
            plan.change(ACCOUNT, id_, {path("memberGroupIds", subject.id): True})
        for id_ in sorted(leaving):
            plan.change(ACCOUNT, id_, {path("memberGroupIds", subject.id): None})

    async def _user(self, name: str) -> Candidate:
        candidate = await named(self._subject, name)
        if candidate.kind.word == "group":
            raise Unsupported(NESTED)
        if candidate.kind.word != "individual":
            raise no_member(name, "Individual, Group")
        return candidate

    def _holds(self, user: Candidate) -> bool:
        return self._subject.id in ((user.object or {}).get("memberGroupIds") or {})


class Recipients:
    """The recipients of a list: members of this server, and addresses elsewhere. Lists are long, so nothing is searched for step by step."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._before = members(subject.object.get("recipients") or {})
        self._stored = frozenset(self._before)
        self._after: dict[str, list[str]] = {}
        """Spellings of each recipient by its address in lower case."""
        for it in self._before:
            self._after.setdefault(it.lower(), []).append(it)
        self._names: dict[str, str] | None = None
        self._local: dict[str, set[str]] = {}

    async def take(self, step: Step) -> None:
        """Refusals of names and addresses; removing who is not in it is no error."""
        local = step.field == "members"
        names = await self._read() if local else {}
        if step.action == "removeItem":
            self._remove(step.items[0], names, local=local)
            return
        wanted = [await self._member(it, names) if local else outside(it, self._subject.exchange.settings) for it in step.items]
        if step.action == "set":
            self._after = {it: written for it, written in self._after.items() if self._is_local(it) is not local}
        for it in wanted:
            self._after.setdefault(it.lower(), [it])
            if local:
                self._note(it)

    async def finish(self, plan: Plan) -> None:
        """Only what differs; a recipient keeps the letters that it was written with."""
        written = {it.lower(): it for it in self._before}
        after = [it if it in self._stored else written.get(it.lower(), it) for spellings in self._after.values() for it in spellings]
        plan.pointers |= id_patch(self._before, after, "recipients")

    async def _read(self) -> dict[str, str]:
        """Recipients of this server, as stored, by the names that clients read."""
        if self._names is None:
            names = await Names.of(self._subject.exchange, self._subject.context, self._before)
            self._names = {}
            for it in filter(self._is_local, self._before):
                self._names.setdefault(names.address(it), it)
                self._note(it)
        return self._names

    async def _member(self, name: str, names: dict[str, str]) -> str:
        """The recipient that a name stands for; what is one already is taken as it is."""
        if name in self._stored:
            return name
        if "@" not in name and name in names:
            return names[name]
        candidate = await named(self._subject, name)
        if candidate.kind.word not in {"individual", "group"}:
            raise no_member(name, "Individual, Group")
        return candidate.name

    def _remove(self, text: str, names: dict[str, str], *, local: bool) -> None:
        """Remove an address elsewhere as it is written, or whoever here has this address, name or local part."""
        if not local:
            spellings = self._after.get(text.lower(), [])
            if text in spellings and not self._is_local(text):
                spellings.remove(text)
            if not spellings:
                self._after.pop(text.lower(), None)
            return
        meant = {text.lower()} if "@" in text else set(self._local.get(text.lower(), ()))
        if text in names:
            meant.add(names[text].lower())
        for it in filter(self._is_local, meant):
            self._after.pop(it, None)

    def _note(self, recipient: str) -> None:
        """Have a recipient found by its local part."""
        address = recipient.lower()
        self._local.setdefault(address.rpartition("@")[0], set()).add(address)

    def _is_local(self, recipient: str) -> bool:
        return recipient.rpartition("@")[2].lower() in self._subject.context.domain_names


class RoleMembers:
    """Who has a role: other roles can be added, roles and accounts removed."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._roles = {it.id for it in subject.context.roles.values() if subject.id in it.roles}
        self._before = set(self._roles)
        self._keep: set[str] | None = None
        self._leaving: set[str] = set()

    async def take(self, step: Step) -> None:
        """ItemNotFound for unknown names, Other for what is no role; removing who does not have it is no error."""
        if step.action == "removeItem":
            await self._remove(step.items[0])
            return
        wanted: set[str] = set()
        accounts: set[str] = set()
        for name in step.items:
            candidate = await self._subject.found.find(name, {"role"}) or await named(self._subject, name)
            if candidate.kind.word == "role":
                wanted.add(candidate.id)
            elif step.action == "set" and self._has(candidate):
                accounts.add(candidate.id)
            else:
                raise no_member(name, "Role")
        if step.action == "set":
            self._roles, self._keep, self._leaving = wanted, accounts, set()
        else:
            self._roles |= wanted

    async def finish(self, plan: Plan) -> None:
        """Patches of the roles and accounts."""
        subject = self._subject
        for id_ in sorted(self._roles - self._before):
            plan.change("Role", id_, {path("roleIds", subject.id): True})
        for id_ in sorted(self._before - self._roles):
            plan.change("Role", id_, {path("roleIds", subject.id): None})
        leaving = self._leaving
        if self._keep is not None:
            leaving = set(await self._holders()) - self._keep
        for id_ in sorted(leaving):
            plan.change(ACCOUNT, id_, {path("roles", "roleIds", subject.id): None})

    async def _remove(self, name: str) -> None:
        found = self._subject.found
        candidate = await found.find(name, {"role"}) or await found.find(name, MAIL_KINDS)
        if candidate is None:
            return
        if candidate.kind.word == "role":
            self._roles.discard(candidate.id)
        elif self._has(candidate):
            self._leaving.add(candidate.id)

    def _has(self, candidate: Candidate) -> bool:
        return self._subject.id in ((candidate.object or {}).get("roles", {}).get("roleIds") or {})

    async def _holders(self) -> Iterable[str]:
        """Accounts with the role: no filter finds them, so all are looked at; none when there are too many to be shown."""
        exchange = self._subject.exchange
        query = Query(ACCOUNT, [BY_ID], exchange.settings.get_page)
        (accounts,), _ = await gather(exchange, [Sought(query, HOLDER)])
        if len(accounts) > exchange.settings.role_scan_limit:
            return ()
        return [it["id"] for it in accounts if self._subject.id in (it["roles"].get("roleIds") or {})]


class NoMembers:
    """Members of a principal that cannot have any: names are looked up all the same."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    async def take(self, step: Step) -> None:
        """ItemNotFound for unknown names, Other for known ones."""
        if step.action != "removeItem":
            for name in step.items:
                await named(self._subject, name)
                raise no_member(name)

    async def finish(self, plan: Plan) -> None:
        """Nothing to send."""
