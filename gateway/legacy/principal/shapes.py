"""Objects of the new server in the form of old principals (legacy-rest-api 3.2, mapping-principals 2.1 to 2.8).

Use: `shape(kind, object_, around)` is a whole principal, `shape(kind, object_, around, fields)` one with these members besides `id` and `type`.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from gateway.jmap.calls import Object
from gateway.knowledge.value_forms import members
from gateway.legacy.principal.around import Around
from gateway.legacy.principal.combined import parted
from gateway.legacy.principal.facts import API_KEY, Kind
from gateway.legacy.principal.keys.objects import FOREIGN, foreign_name, key_number, without_mail
from gateway.legacy.principal.numbers import legacy_id
from gateway.legacy.principal.reading import (
    HIDDEN,
    addresses_of,
    emails_of,
    locale_of,
    permission_lists,
    permissions_of,
    quota_of,
    role_names,
    roles_of,
    secrets_of,
    tenant_name,
)

Reader = Callable[[Object, Around], Any]
"""Value of one member, or an empty one where the member is left out."""

TENANT_ROLES = ("tenant-admin", "user")


def shape(kind: Kind, object_: Object, around: Around, fields: frozenset[str] | None = None) -> Object:
    """Old form of one object."""
    number = key_number(object_) if kind.word == API_KEY else legacy_id(kind.object, object_["id"])
    result: Object = {"id": number, "type": kind.word}
    for field, read in _readers(kind.word, fields):
        value = read(object_, around)
        if value or (value == 0 and field == "members"):
            result[field] = value
    return result


@lru_cache(256)
def _readers(word: str, fields: frozenset[str] | None) -> tuple[tuple[str, Reader], ...]:
    """What to read for the members that are wanted."""
    return tuple((field, read) for field, read in _READERS[word].items() if fields is None or field in fields)


def _key_name(key: Object, around: Around) -> str:
    return foreign_name(key) if FOREIGN in key else around.names.mail("Account", key)


def _key_secrets(key: Object, around: Around) -> list[str]:
    return [HIDDEN] if FOREIGN in key else list(around.keys.get(key["id"], ()))


def _key_disabled(key: Object, around: Around) -> list[str]:
    return _disabled(without_mail(key), around)


def _mail_name(object_: Object, around: Around) -> str:
    return around.names.mail(_type_of(object_), object_)


def _text(name: str) -> Reader:
    return lambda object_, _: object_.get(name)


def _emails(object_: Object, around: Around) -> list[str]:
    return emails_of(object_, around.context, implied=around.names.implied(_type_of(object_), object_))


def _type_of(object_: Object) -> str:
    return "MailingList" if "recipients" in object_ else "Account"


def _secrets(account: Object, around: Around) -> list[str]:
    id_ = account["id"]
    return secrets_of(account, around.slots.get(id_), around.secrets.get(id_, {}))


def _member_of(account: Object, around: Around) -> list[str]:
    return sorted(around.groups[id_] for id_ in members(account.get("memberGroupIds") or {}) if id_ in around.groups)


def _lists(account: Object, around: Around) -> list[str]:
    if not around.lists:
        return []
    found = (around.lists.get(address.lower(), ()) for address in addresses_of(account, around.context))
    return sorted({name for names in found for name in names})


def _roles(holder: Object, around: Around) -> list[str]:
    return roles_of(holder, around.context)


def _tenant_roles(tenant: Object, around: Around) -> list[str]:
    return [*TENANT_ROLES] if tenant["roles"]["@type"] == "Default" else roles_of(tenant, around.context)


def _roles_in_role(role: Object, around: Around) -> list[str]:
    return role_names(members(role.get("roleIds") or {}), around.context)


def _enabled(holder: Object, _around: Around) -> list[str]:
    return permissions_of(permission_lists(holder)[0])


def _disabled(holder: Object, _around: Around) -> list[str]:
    return permissions_of(permission_lists(holder)[1])


def _disk_quota(account: Object, _around: Around) -> int:
    quota: int = (account.get("quotas") or {}).get("maxDiskQuota") or 0
    return quota


def _tenant(object_: Object, around: Around) -> str | None:
    return tenant_name(object_, around.context)


def _locale(account: Object, _around: Around) -> str | None:
    return locale_of(account.get("locale"))


def _members(type_: str) -> Reader:
    return lambda object_, around: around.members.get((type_, object_["id"]))


def _recipients(*, local: bool) -> Reader:
    def read(list_: Object, around: Around) -> list[str]:
        own = around.context.domain_names
        found = [it for it in members(list_["recipients"]) if (it.rpartition("@")[2].lower() in own) is local]
        return sorted(around.names.address(it) if local else it for it in found)

    return read


def _part(property_: str, position: int) -> Reader:
    return lambda object_, _: parted(object_[property_])[position]


def _set(property_: str) -> Reader:
    return lambda object_, _: sorted(members(object_.get(property_) or {}))


_PERMISSIONS: Mapping[str, Reader] = {"enabledPermissions": _enabled, "disabledPermissions": _disabled}

_MAIL: Mapping[str, Reader] = {
    "name": _mail_name,
    "description": _text("description"),
    "emails": _emails,
    "tenant": _tenant,
}
_ACCOUNT: Mapping[str, Reader] = {
    **_MAIL,
    **_PERMISSIONS,
    "lists": _lists,
    "roles": _roles,
    "quota": _disk_quota,
    "usedQuota": _text("usedDiskQuota"),
    "locale": _locale,
}

_READERS: Mapping[str, Mapping[str, Reader]] = {
    "individual": {**_ACCOUNT, "secrets": _secrets, "memberOf": _member_of},
    "group": {**_ACCOUNT, "members": _members("Account")},
    "list": {**_MAIL, "members": _recipients(local=True), "externalMembers": _recipients(local=False)},
    "domain": {
        "name": _text("name"),
        "description": _text("description"),
        "members": _members("Domain"),
        "picture": _text("logo"),
        "tenant": _tenant,
    },
    "tenant": {
        **_PERMISSIONS,
        "name": _part("name", 0),
        "description": _part("name", 1),
        "members": _members("Tenant"),
        "roles": _tenant_roles,
        "quota": lambda tenant, _: quota_of(tenant.get("quotas") or {}),
        "usedQuota": _text("usedDiskQuota"),
        "picture": _text("logo"),
    },
    "role": {
        **_PERMISSIONS,
        "name": _part("description", 0),
        "description": _part("description", 1),
        "roles": _roles_in_role,
        "members": _members("Role"),
        "tenant": _tenant,
    },
    "apiKey": {
        "name": _key_name,
        "description": _text("description"),
        "secrets": _key_secrets,
        "roles": _roles,
        "enabledPermissions": _enabled,
        "disabledPermissions": _key_disabled,
        "tenant": _tenant,
    },
    "oauthClient": {
        "name": _text("clientId"),
        "description": _text("description"),
        "emails": _set("contacts"),
        "urls": _set("redirectUris"),
        "picture": _text("logo"),
        "tenant": _tenant,
    },
}
