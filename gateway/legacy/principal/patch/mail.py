"""Name and addresses of accounts, groups and lists (mapping-principals 2.10, 3.5.1, decision 22)."""

from dataclasses import replace

from gateway.jmap.calls import Object
from gateway.knowledge.pointers import path
from gateway.knowledge.value_forms import members
from gateway.legacy.principal.patch.lists import lists_with
from gateway.legacy.principal.patch.plain import insist_free
from gateway.legacy.principal.patch.plan import Plan, Subject
from gateway.legacy.principal.values.actions import Step
from gateway.legacy.principal.values.addresses import Emails, domain_of, kept, parted
from gateway.legacy.refusals import Other
from gateway.state import OldName


class Mail:
    """What the principal is called and which addresses it has."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        old = subject.old
        renamed = subject.names("name")
        self._emails = Emails.of(
            subject.object,
            subject.context,
            bare=renamed or (old is not None and "@" not in old.name),
            implied=old is not None and old.implied,
        )
        self._name: str | None = None
        self._own: str | None = None

    async def take(self, step: Step) -> None:
        """Refusals of names and addresses that are taken, malformed or in no domain of the server."""
        if step.field == "name":
            self._rename(step.items[0].lower())
            return
        match step.action:
            case "set":
                self._emails.set(step.items)
            case "addItem":
                self._emails.add(step.items[0])
            case _:
                self._emails.remove(step.items[0])

    async def finish(self, plan: Plan) -> None:
        """Pointers, recipients of lists where the own address changes, catch-all addresses, and what to remember."""
        before = self._subject.own
        change = self._emails.change(self._own)
        plan.pointers |= change.patch
        plan.addresses = [it for it in self._emails.wanted if it not in self._emails.stored]
        for domain, patch in change.catch_all.items():
            plan.change("Domain", domain, patch)
        if change.own != before:
            plan.own, plan.name = change.own, self._name
            for list_ in await lists_with(self._subject, [before]):
                plan.change("MailingList", list_["id"], follow(list_, before, change.own))
        plan.remember = self._remembered(change.own, implied=change.implied)

    def _rename(self, name: str) -> None:
        subject, old = self._subject, self._subject.old
        domain = parted(subject.own)[1]
        if name == (old.name if old else subject.own):
            self._name, self._own = None, subject.own
            return
        insist_free(subject, name, exact=True)
        if "@" in name:
            new = parted(name)[0]
            domain = domain_of(name, subject.context).name
        else:
            new = name
        if not kept(new):
            raise Other("Invalid principal name", f'"{new}" is not a valid e-mail local part')
        self._name, self._own = name, f"{kept(new)}@{domain}"

    def _remembered(self, own: str, *, implied: bool) -> OldName | None:
        """What is to be remembered instead of what was; None when nothing has to be."""
        subject, old = self._subject, self._subject.old
        name = self._name or (old.name if old else own)
        if old is None:
            if name == own and not implied:
                return None
            return OldName(subject.kind.object, subject.id, name, own, implied)
        new = replace(old, name=name, address=own, implied=implied)
        return None if new == old else new


def follow(list_: Object, before: str, after: str) -> Object:
    """Pointers of a list that exchange one recipient for another."""
    gone: Object = {path("recipients", it): None for it in members(list_["recipients"]) if it.lower() == before}
    return gone | {path("recipients", after): True}
