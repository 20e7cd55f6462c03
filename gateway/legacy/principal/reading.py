"""Values of the new server as old clients read them (mapping-principals 2.10 to 2.15); what is absent gives an empty result.

Use: writers compare with these results, because a PATCH is judged against what was read: `roles_of(account, context)`,
`emails_of(...)`, `secrets_of(...)`, `permissions_of(enabled)`, `quota_of(quotas)`, `locale_of(locale)`.
"""

import base64
from collections.abc import Collection, Mapping
from typing import Any

from gateway.jmap.calls import Object
from gateway.knowledge.permissions import LATER_NAMES, NEW_RIGHTS
from gateway.knowledge.value_forms import members
from gateway.legacy.principal.context import Context, tenant_of

HIDDEN = "****"
HIDDEN_OTP = "otpauth://****"
APP_PREFIX = "$app$"
OTP_SLOT = "otp"

LOCALES = {
    "en": "en_US", "es": "es_ES", "fr": "fr_FR", "de": "de_DE", "it": "it_IT",
    "pt": "pt_PT", "nl": "nl_NL", "da": "da_DK", "ca": "ca_ES",
}  # fmt: skip
"""Locales of the old server and their names on the new one."""

DEFAULT_LOCALE = "en_US"

QUOTAS = {
    0: "maxDiskQuota", 1: "maxAccounts", 2: "maxGroups", 6: "maxMailingLists",
    8: "maxDomains", 10: "maxRoles", 12: "maxOauthClients",
}  # fmt: skip
"""Positions in the old array of quotas and their names on the new server."""

QUOTA_POSITIONS = 13

_OLD_LOCALES = {new: old for old, new in LOCALES.items()}
_ENOUGH = {"message-queue-update": ("sysQueuedMessageUpdate",)}
_SHOWN = tuple((old, frozenset(_ENOUGH.get(old, new))) for old, new in NEW_RIGHTS.items() if new and old not in LATER_NAMES)


def emails_of(object_: Object, context: Context, *, implied: bool) -> list[str]:
    """Addresses of an account or list: its own first, unless it is `implied`, then its aliases and the domains whose rest it gets, as `@domain`."""
    own: str = object_["emailAddress"]
    if not object_.get("aliases") and not context.catch_all:
        return [] if implied else [own]
    others = {address for _, address in aliases_of(object_, context) if address != own}
    caught = {f"@{name}" for address in {own, *others} for name in context.catch_all.get(address.lower(), ())}
    return [*([] if implied else [own]), *sorted(others | caught)]


def aliases_of(object_: Object, context: Context, *, enabled: bool = True) -> list[tuple[str, str]]:
    """Index and address of each alias that is enabled, or disabled, in a domain that the caller sees."""
    found = []
    for index, alias in (object_.get("aliases") or {}).items():
        domain = context.domains.get(alias["domainId"])
        if domain is not None and alias.get("enabled", True) is enabled:
            found.append((index, f"{alias['name']}@{domain.name}"))
    return found


def addresses_of(object_: Object, context: Context) -> list[str]:
    """The addresses at which an account or list gets mail: its own and its enabled aliases, each once."""
    return list(dict.fromkeys([object_["emailAddress"], *(address for _, address in aliases_of(object_, context))]))


def secrets_of(account: Object, slot: str | None, remembered: Mapping[str, str]) -> list[str]:
    """Secrets of an account: OTP URL, password, app passwords.

    They cannot be read: what stands for them is the same every time, and means "keep" when it is written. `slot` is the name of the
    app password that occupies the password slot; `remembered` holds strings that clients wrote, by credential id and `otp`.
    """
    otp, passwords, apps = [], [], []
    for credential in (account.get("credentials") or {}).values():
        known = remembered.get(credential["credentialId"])
        if credential["@type"] == "Password":
            if credential.get("otpAuth"):
                otp.append(remembered.get(OTP_SLOT, HIDDEN_OTP))
            if slot is not None:
                apps.append(known or app_placeholder(slot))
            else:
                passwords.append(known or HIDDEN)
        elif credential["@type"] == "AppPassword":
            apps.append(known or app_placeholder(app_name(credential)))
    return [*otp, *passwords, *sorted(apps)]


def app_name(credential: Object) -> str:
    """Old name of an app password that the new server made: description and time of making, in base64."""
    text = f"{credential['description']}${credential['createdAt']}"
    return base64.b64encode(text.encode()).decode()


def app_placeholder(name: str) -> str:
    """What stands for the app password of this name."""
    return f"{APP_PREFIX}{name}${HIDDEN}"


def roles_of(account: Object, context: Context) -> list[str]:
    """Names of the roles of an account or tenant; none where its permissions replace those of its roles."""
    if account["permissions"]["@type"] == "Replace":
        return []
    roles = account["roles"]
    match roles["@type"]:
        case "User":
            return ["user"]
        case "Admin":
            return ["admin" if tenant_of(account) is None else "tenant-admin"]
        case "Custom":
            return role_names(members(roles["roleIds"]), context)
    return []


def role_names(ids: Collection[str], context: Context) -> list[str]:
    """Names of roles by id; those behind the strongest built-in role that is complete are shown as that one."""
    rest = set(ids)
    built_in = next((name for name in ("admin", "tenant-admin", "user") if _holds(rest, context, name)), None)
    if built_in is not None and context.defaults is not None:
        rest -= context.defaults[built_in]
    named = sorted(role_name(id_, context) for id_ in rest)
    return [built_in, *named] if built_in else named


def role_name(id_: str, context: Context) -> str:
    """Name of a role, or its id in a form that is accepted as a name where the caller does not see the role."""
    role = context.roles.get(id_)
    return role.name if role else f"roleid:{id_}"


def permissions_of(granted: Mapping[str, bool]) -> list[str]:
    """Old permissions that a set of new ones amounts to, in the order of the old server; several may rest on the same new one."""
    rights = frozenset(members(granted))
    return [old for old, needed in _SHOWN if needed <= rights] if rights else []


def permission_lists(holder: Object) -> tuple[Mapping[str, bool], Mapping[str, bool]]:
    """Enabled and disabled permissions of an account or tenant, where they are a part of `permissions`, or of a role."""
    held = holder.get("permissions", holder)
    return held.get("enabledPermissions") or {}, held.get("disabledPermissions") or {}


def quota_of(quotas: Mapping[str, int]) -> int | list[int]:
    """Disk quota in bytes, 0 for none; with other limits the old array of 13 numbers."""
    numbers = [quotas.get(QUOTAS.get(position, "")) or 0 for position in range(QUOTA_POSITIONS)]
    return numbers if any(numbers[1:]) else numbers[0]


def locale_of(locale: str | None) -> str | None:
    """Old name of a locale, None for the default."""
    return None if locale in (None, DEFAULT_LOCALE) else _OLD_LOCALES.get(locale, locale)


def tenant_name(object_: Mapping[str, Any], context: Context) -> str | None:
    """Name of the tenant of an object; None for none and for the caller's own, which he may not know."""
    id_ = tenant_of(object_)
    if not id_:
        return None
    tenant = context.tenants.get(id_)
    return tenant.name if tenant else f"tenantid:{id_}"


def _holds(ids: Collection[str], context: Context, name: str) -> bool:
    wanted = context.defaults[name] if context.defaults else frozenset()
    return bool(wanted) and wanted.issubset(ids)
