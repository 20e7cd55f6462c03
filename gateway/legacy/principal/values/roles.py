"""Names of roles on their way to `roles` of accounts and tenants and `roleIds` of roles (mapping-principals 2.5, 2.6, 2.12).

Use: `ids = role_ids(names, context)`, then `account_roles(names, ids, context, in_tenant=...)` or `tenant_roles(...)` for the whole value, and
`role_patch(present, wanted)` for what a PATCH sends. Names that are no built-in role must be in the context: `unknown(names, context)`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from gateway.jmap.calls import Object
from gateway.knowledge.pointers import path
from gateway.knowledge.value_forms import members
from gateway.legacy.principal.candidates import Candidate, Pool, ambiguous
from gateway.legacy.principal.context import Context
from gateway.legacy.principal.facts import BUILT_IN_ROLES, KINDS
from gateway.legacy.refusals import ItemNotFound, Unsupported

ADMIN, TENANT_ADMIN, USER = BUILT_IN_ROLES

NO_EFFECT = "The roles of this account have no effect: its permissions replace those of its roles"

_NOBODY = Pool()


def meanings(name: str, context: Context) -> list[Candidate]:
    """The roles that a name may mean: those of exactly this name, else those that are so but for capitals; none for a built-in name."""
    if name in BUILT_IN_ROLES:
        return []
    return _roles(_NOBODY.exact(name, context)) or _roles(_NOBODY.loose(name, context))


def unknown(names: Iterable[str], context: Context) -> list[str]:
    """The names that are no roles by what the context knows."""
    return [name for name in names if name not in BUILT_IN_ROLES and not meanings(name, context)]


def role_ids(names: Iterable[str], context: Context) -> dict[str, frozenset[str]]:
    """Ids by name; a built-in name means the default roles of its kind, none where the caller cannot know them.

    ItemNotFound for an unknown name, Other for one of several roles.
    """
    found: dict[str, frozenset[str]] = {}
    for name in names:
        if name in BUILT_IN_ROLES:
            found[name] = (context.defaults or {}).get(name, frozenset())
            continue
        candidates = meanings(name, context)
        if not candidates:
            raise ItemNotFound(name)
        if len(candidates) > 1:
            raise ambiguous(name, candidates)
        found[name] = frozenset({candidates[0].id})
    return found


def account_roles(names: Collection[str], context: Context, *, in_tenant: bool) -> Object:
    """Value of `roles` of an account; without any name it may do nothing, as on the old server."""
    built_in = {name for name in names if name in BUILT_IN_ROLES}
    if built_in == set(names) and built_in:
        if built_in == {USER}:
            return {"@type": "User"}
        if ADMIN in built_in and not in_tenant:
            return {"@type": "Admin"}
        if TENANT_ADMIN in built_in and ADMIN not in built_in and in_tenant:
            return {"@type": "Admin"}
    return custom(names, context)


def tenant_roles(names: Collection[str], context: Context) -> Object:
    """Value of `roles` of a tenant."""
    if TENANT_ADMIN in names and set(names) <= {TENANT_ADMIN, USER}:
        return {"@type": "Default"}
    return custom(names, context)


def custom(names: Iterable[str], context: Context) -> Object:
    """Value of `roles` that lists the ids; Unsupported where a built-in name is among them whose roles the caller cannot know."""
    return {"@type": "Custom", "roleIds": dict.fromkeys(sorted(ids_of(names, context)), True)}


def ids_of(names: Iterable[str], context: Context) -> set[str]:
    """Ids behind all names."""
    found = role_ids(names, context)
    if context.defaults is None:
        for name in found:
            if name in BUILT_IN_ROLES:
                raise Unsupported(f'The built-in role "{name}" cannot be combined by this account')
    return {id_ for ids in found.values() for id_ in ids}


def role_patch(present: Mapping[str, Any], wanted: Object) -> Object:
    """Pointers from one value of `roles` to another, none when they are equal; between lists of ids only the difference."""
    if present == wanted:
        return {}
    if present["@type"] != "Custom" or wanted["@type"] != "Custom":
        return {"roles": wanted}
    return id_patch(members(present["roleIds"]), wanted["roleIds"], "roles", "roleIds")


def id_patch(present: Collection[str], wanted: Collection[str], *property_: str) -> Object:
    """Pointers from one set of ids, or other members, to another."""
    pointers: Object = {path(*property_, it): None for it in sorted(set(present) - set(wanted))}
    return pointers | {path(*property_, it): True for it in sorted(set(wanted) - set(present))}


def folded(names: Sequence[str], more: Iterable[str]) -> list[str]:
    """Names and further ones without doubles; `user` is a part of both built-in administrators."""
    strongest = {ADMIN, TENANT_ADMIN} & set(names)
    return list(dict.fromkeys([*names, *(name for name in more if name != USER or not strongest)]))


def _roles(candidates: Iterable[Candidate]) -> list[Candidate]:
    return [it for it in candidates if it.kind is KINDS["role"]]
