"""The principals that a new one names: its tenant, its groups and lists, its members, its roles (legacy-rest-api 3.4, mapping-principals 1.5, 3.4).

Use: `tenant = await tenant_id(found, given)`, then `await References.of(found, given, kind)`, which judges them in the old server's order.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from gateway.legacy.principal.candidates import Candidate
from gateway.legacy.principal.context import OWN_TENANT
from gateway.legacy.principal.facts import KINDS, MAIL_KINDS, Kind
from gateway.legacy.principal.lookup import Lookup
from gateway.legacy.principal.values.inputs import Input
from gateway.legacy.principal.values.roles import role_ids
from gateway.legacy.refusals import ItemNotFound, Other, Unsupported

NESTED = "Nested groups are not supported in Stalwart 0.16"

_MEMBERS: Mapping[str, tuple[str, ...]] = {
    "group": ("individual", "group"),
    "list": ("individual", "group"),
    "role": ("role",),
}
"""Kinds that may be members, by kind, as the old server's texts name them."""


@dataclass(frozen=True, slots=True)
class References:
    """What was named: groups, lists and members as found, roles by name; `names` are the given names by the id that they led to."""

    members: Sequence[Candidate] = ()
    groups: Sequence[Candidate] = ()
    lists: Sequence[Candidate] = ()
    roles: Sequence[str] = ()
    names: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    async def of(cls, found: Lookup, given: Input, kind: Kind) -> "References":
        """What the members of a create mean; ItemNotFound for what is nothing, or of a wrong kind, Other or Unsupported for wrong members."""
        names: dict[str, str] = {}
        members = [await _member(found, name, kind) for name in given.items("members")]
        groups = [await _of_kind(found, name, "group") for name in given.items("memberOf")]
        lists = [await _of_kind(found, name, "list") for name in given.items("lists")]
        roles = given.items("roles")
        for field_, candidates in (("members", members), ("memberOf", groups), ("lists", lists)):
            names |= dict(zip((it.id for it in candidates), given.items(field_), strict=True))
        for name, ids in role_ids(roles, found.context).items():
            names |= dict.fromkeys(ids, name)
        return cls(_distinct(members), _distinct(groups), _distinct(lists), roles, names)


async def tenant_id(found: Lookup, given: Input) -> str | None:
    """Id of the tenant that a new principal gets, `context.OWN_TENANT` for a caller in a tenant, who has no choice; None for none."""
    if found.context.tenant_bound:
        return OWN_TENANT
    name = given.text("tenant")
    return (await found.one(name, ("tenant",))).id if name else None


def refuse_nesting() -> NoReturn:
    """Unsupported: a group in a group."""
    raise Unsupported(NESTED)


async def _member(found: Lookup, name: str, kind: Kind) -> Candidate:
    """A member of a group, list or role; of another kind it is only known then that the name means something."""
    words = _MEMBERS.get(kind.word)
    first = words if kind.word == "role" and words else MAIL_KINDS
    member = await found.find(name, first) or await found.one(name)
    if words is None:
        return member
    if kind.word == "group" and member.kind.word == "group":
        refuse_nesting()
    if member.kind.word not in words and (kind.word, member.kind.word) != ("list", "list"):
        told = ", ".join(KINDS[word].label for word in words)
        raise Other("Invalid members value", f'Principal "{name}" is not one of {told}.')
    return member


async def _of_kind(found: Lookup, name: str, word: str) -> Candidate:
    """A group or list; whatever else has the name is not found."""
    candidate = await found.one(name, MAIL_KINDS)
    if candidate.kind.word != word:
        raise ItemNotFound(name)
    return candidate


def _distinct(candidates: Iterable[Candidate]) -> list[Candidate]:
    return list({it.id: it for it in candidates}.values())
