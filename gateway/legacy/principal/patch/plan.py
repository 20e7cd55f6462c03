"""What is changed, and what the changes come to.

`Subject` is the principal as it was read, with everything that was looked up for the steps; `Plan` what is to be sent; a `Fold` turns steps of
some fields into parts of the plan.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gateway.jmap.calls import Object
from gateway.legacy.exchange import Exchange
from gateway.legacy.principal.context import Context
from gateway.legacy.principal.facts import Kind
from gateway.legacy.principal.keys.patching import KeyChange
from gateway.legacy.principal.lookup import Lookup
from gateway.legacy.principal.values.actions import Step
from gateway.legacy.principal.values.credentials import Change
from gateway.state import OldName

Updates = dict[str, dict[str, Object]]
"""Patches by type and id."""


@dataclass(slots=True)
class Subject:
    """The principal that is changed.

    `object` is what was read of it, empty for a domain, role or tenant of which nothing is needed. `old` is its remembered name. `steps` are all
    steps of the request.
    """

    exchange: Exchange
    found: Lookup
    kind: Kind
    id: str
    object: Object
    old: OldName | None
    steps: Sequence[Step]

    @property
    def context(self) -> Context:
        """Domains, roles and tenants; a fresh one after a refusal would have rested on a remembered one."""
        return self.found.context

    @property
    def own(self) -> str:
        """The own address of an account, group or list."""
        address: str = self.object["emailAddress"]
        return address

    def names(self, field_: str) -> bool:
        """Whether any step is about a field."""
        return any(step.field == field_ for step in self.steps)


@dataclass(slots=True)
class Plan:
    """What is to be sent: pointers of the principal itself, then patches of other objects.

    `own` is the own address afterwards where that changes, `addresses` those that are new, `references` names by the ids they led to, `name` the new
    name; all for the texts of refusals. `remember` is what the principal is called from now on, `secrets` what is remembered of its secrets, `key` what the state holds of an API
    key.
    """

    pointers: Object = field(default_factory=dict)
    others: Updates = field(default_factory=dict)
    name: str | None = None
    own: str | None = None
    addresses: Sequence[str] = ()
    references: dict[str, str] = field(default_factory=dict)
    remember: OldName | None = None
    secrets: Change | None = None
    key: KeyChange | None = None

    def change(self, type_: str, id_: str, patch: Mapping[str, object]) -> None:
        """Patch another object too."""
        self.others.setdefault(type_, {}).setdefault(id_, {}).update(patch)


class Fold(Protocol):
    """What the steps of some fields come to."""

    async def take(self, step: Step) -> None:
        """Judge a step and gather it; Refusal."""

    async def finish(self, plan: Plan) -> None:
        """Put the result into the plan; Refusal where only all steps together show it."""
