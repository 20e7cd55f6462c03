"""Name, secrets and permissions of an API key (mapping-principals 2.7)."""

from gateway.knowledge.pointers import path
from gateway.legacy.principal.facts import API_KEY
from gateway.legacy.principal.keys.objects import GRANTING, NO_MAIL, is_denied_mail, without_mail
from gateway.legacy.principal.keys.patching import KeyChange
from gateway.legacy.principal.keys.values import Secrets
from gateway.legacy.principal.lookup import look_up
from gateway.legacy.principal.patch.plan import Plan, Subject
from gateway.legacy.principal.patch.rights import Permissions
from gateway.legacy.principal.values.actions import Step
from gateway.legacy.principal.values.addresses import taken
from gateway.legacy.refusals import Other
from gateway.state import Key


class KeyName:
    """The name, which only the gateway knows; the account keeps its address."""

    def __init__(self, subject: Subject, key: Key) -> None:
        self._subject = subject
        self._key = key
        self._name = key.name

    async def take(self, step: Step) -> None:
        """Other for an empty name and for one that is taken."""
        name = "".join(step.items).lower()
        if not name:
            raise Other("Invalid principal name", "The name must not be empty")
        if name != self._key.name:
            await self._insist_free(name)
        self._name = name

    async def finish(self, plan: Plan) -> None:
        """Nothing when it is what it was."""
        plan.key = KeyChange(self._key) if plan.key is None else plan.key
        if self._name != self._key.name:
            plan.name = plan.key.name = self._name

    async def _insist_free(self, name: str) -> None:
        found = await look_up(self._subject.exchange, name)
        if [it for it in found.meanings(name) if it.id != self._key.account or it.kind.word != API_KEY]:
            raise taken("name", name)


class KeySecrets:
    """The secrets, which only the gateway checks."""

    def __init__(self, subject: Subject, key: Key) -> None:
        self._key = key
        self._secrets = Secrets(key.verifiers, subject.exchange.settings)

    async def take(self, step: Step) -> None:
        """Refusals of secrets that nothing can be checked against."""
        match step.action:
            case "set":
                self._secrets.set(step.items)
            case "addItem":
                self._secrets.add(step.items[0])
            case _:
                await self._secrets.remove(step.items[0])

    async def finish(self, plan: Plan) -> None:
        """Nothing when they are what they were."""
        plan.key = KeyChange(self._key) if plan.key is None else plan.key
        if self._secrets.after != [*self._key.verifiers]:
            plan.key.secrets = self._secrets.after


class KeyPermissions(Permissions):
    """The permissions of the account behind a key, but for the mail that it does not get."""

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject, without_mail(subject.object))
        self._hidden = self._holder is not subject.object
        self._roles = subject.object["roles"]

    async def finish(self, plan: Plan) -> None:
        """Only what differs; with the first right to make users goes what keeps the key from giving them theirs."""
        await super().finish(plan)
        granted = [right for right in GRANTING if plan.pointers.get(path("permissions", "enabledPermissions", right))]
        if self._hidden and not is_denied_mail(self._roles, granted):
            plan.pointers.setdefault(path("permissions", "disabledPermissions", NO_MAIL), None)
