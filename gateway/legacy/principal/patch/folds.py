"""Which fold takes the steps of a field, by the kind of principal; fields that a kind does not have included (mapping-principals 2, 5)."""

import logging
from collections.abc import Callable, Mapping

from gateway.legacy.principal.facts import API_KEY, MAIL_KINDS, Kind
from gateway.legacy.principal.kept import slot_holds, strings_hold
from gateway.legacy.principal.keys.patching import key_behind
from gateway.legacy.principal.patch.keys import KeyName, KeyPermissions, KeySecrets
from gateway.legacy.principal.patch.mail import Mail
from gateway.legacy.principal.patch.members import GroupMembers, NoMembers, Recipients, RoleMembers, outside
from gateway.legacy.principal.patch.membership import Groups, Lists, Nowhere
from gateway.legacy.principal.patch.plain import Credentials, Locale, Quota, Tenant, Text, Texts, Titled
from gateway.legacy.principal.patch.plan import Fold, Plan, Subject
from gateway.legacy.principal.patch.rights import Permissions, Roles
from gateway.legacy.principal.values.actions import Step
from gateway.legacy.principal.values.inputs import not_available
from gateway.state import Key

MEMBERSHIPS = frozenset({"memberOf", "lists", "roles"})

# Fields that are judged together.
_TOGETHER = {
    "individual": {"emails": "name"},
    "group": {"emails": "name"},
    "list": {"emails": "name", "externalMembers": "members"},
    "role": {"description": "name"},
    "tenant": {"description": "name"},
}

_log = logging.getLogger(__name__)


class NoField:
    """A field that principals of a kind do not have on the new server; empty values and removals are no reason to refuse."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    async def take(self, step: Step) -> None:
        """Unsupported, unless the settings let such fields pass."""
        settings, kind = self._subject.exchange.settings, self._subject.kind
        if step.action == "removeItem" or not any(step.items or [step.value]):
            return
        if step.field == "externalMembers":
            for text in step.items:
                outside(text, settings)
        if settings.lossy_fields == "error":
            raise not_available(step.field, kind.word)
        _log.warning("a field that the new server has no place for was left out: %s of a principal of type %s", step.field, kind.word)

    async def finish(self, plan: Plan) -> None:
        """Nothing to send."""


def key_of(field: str, kind: Kind) -> str:
    """Name of the fold of a field: the fields that are judged together have the same."""
    if field in {"enabledPermissions", "disabledPermissions"}:
        return "permissions"
    return _TOGETHER.get(kind.word, {}).get(field, field)


async def fold_for(field: str, subject: Subject) -> Fold:
    """A new fold for the steps of a field."""
    kind = subject.kind
    if field not in kind.fields and field != "name":
        if field in MEMBERSHIPS:
            return Nowhere(subject)
        return NoMembers(subject) if field == "members" else NoField(subject)
    if kind.word == API_KEY and field in _OF_KEYS:
        return _OF_KEYS[field](subject, await key_behind(subject.exchange, subject.id, subject.found.name))
    if field == "secrets":
        return await _credentials(subject)
    special = _OF_KINDS.get(kind.word, {}).get(field)
    return (special or _COMMON[field])(subject)


async def _credentials(subject: Subject) -> Fold:
    """The fold for secrets, with what is remembered of them."""
    memory, id_ = subject.exchange.memory, subject.id
    slot = (await memory.app_slots([id_])).get(id_)
    remembering = subject.exchange.settings.secrets_memory == "hashes"
    strings = (await memory.secrets([id_])).get(id_, {}) if remembering else {}
    return Credentials(
        subject, slot if slot_holds(subject.object) else None, dict(strings) if strings_hold(subject.object, strings) else {}
    )


def _text(property_: str) -> Callable[[Subject], Fold]:
    return lambda subject: Text(subject, property_)


def _texts(property_: str, *, lower: bool = False) -> Callable[[Subject], Fold]:
    return lambda subject: Texts(subject, property_, lower=lower)


_COMMON: Mapping[str, Callable[[Subject], Fold]] = {
    "name": Titled,
    "description": _text("description"),
    "picture": _text("logo"),
    "locale": Locale,
    "quota": Quota,
    "tenant": Tenant,
    "memberOf": Groups,
    "lists": Lists,
    "roles": Roles,
    "enabledPermissions": Permissions,
    "disabledPermissions": Permissions,
    "urls": _texts("redirectUris"),
}
_OF_KEYS: Mapping[str, Callable[[Subject, Key], Fold]] = {"name": KeyName, "secrets": KeySecrets}
_OF_KINDS: Mapping[str, Mapping[str, Callable[[Subject], Fold]]] = {
    **{kind: {"name": Mail, "emails": Mail} for kind in MAIL_KINDS - {"group", "list"}},
    "group": {"name": Mail, "emails": Mail, "members": GroupMembers},
    "list": {"name": Mail, "emails": Mail, "members": Recipients, "externalMembers": Recipients},
    "role": {"description": Titled, "members": RoleMembers},
    "tenant": {"description": Titled, "members": NoMembers},
    "domain": {"members": NoMembers},
    "apiKey": {"roles": Nowhere, "enabledPermissions": KeyPermissions, "disabledPermissions": KeyPermissions},
    "oauthClient": {"emails": _texts("contacts", lower=True)},
}
