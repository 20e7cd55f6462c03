"""What kinds of principals there are, what each may carry, and which object of the new server holds it (legacy-rest-api 3.1, mapping-principals 2).

Use: `KINDS["group"].object`, `KINDS["group"].fields`; `kind_of(object_type, object)` for an object of the new server; `word_of(text)` for a
type as clients write it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

_ACCOUNT = (
    "id", "@type", "name", "domainId", "emailAddress", "description", "aliases", "memberGroupIds", "memberTenantId",
    "roles", "permissions", "quotas", "usedDiskQuota", "credentials", "locale",
)  # fmt: skip

PROPERTIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "Account": _ACCOUNT,
        "MailingList": ("id", "name", "domainId", "emailAddress", "description", "aliases", "memberTenantId", "recipients"),
        "Domain": ("id", "name", "aliases", "description", "memberTenantId", "catchAllAddress", "logo"),
        "Role": ("id", "description", "memberTenantId", "roleIds", "enabledPermissions", "disabledPermissions"),
        "Tenant": ("id", "name", "logo", "roles", "permissions", "quotas", "usedDiskQuota"),
        "OAuthClient": ("id", "clientId", "description", "contacts", "redirectUris", "logo", "expiresAt", "memberTenantId"),
    }
)
"""What is read of an object, by type of the new server; never more, some properties are expensive."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One old type.

    `word` is its name in JSON, `label` the one in error texts, `right` the prefix of its old rights. `object` is the type on the new
    server, with `variant` as `@type` where that has several. `tag` marks its numeric ids. `fields` are the members, besides `id`, `type`,
    `name` and `usedQuota`, that such a principal can have on the new server.
    """

    word: str
    label: str
    right: str
    object: str
    variant: str | None
    tag: int
    fields: frozenset[str]


def _kind(word: str, label: str, right: str, held_by: str, tag: int, fields: str) -> Kind:  # noqa: PLR0917 - a table row
    type_, _, variant = held_by.partition(" ")
    return Kind(word, label, right, type_, variant or None, tag, frozenset(fields.split()))


API_KEY = "apiKey"
"""A principal that no object of the new server is: one with a secret that a client chose is an account that stands for it (mapping-principals 2.7)."""

_PERMISSIONS = "enabledPermissions disabledPermissions"

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.word: kind
        for kind in (
            _kind("individual", "Individual", "individual", "Account User", 0,
                  f"description secrets emails memberOf lists roles {_PERMISSIONS} quota tenant locale"),
            _kind("group", "Group", "group", "Account Group", 0,
                  f"description emails lists members {_PERMISSIONS} quota tenant locale"),
            _kind("domain", "Domain", "domain", "Domain", 1, "description members picture tenant"),
            _kind("list", "List", "mailing-list", "MailingList", 2, "description emails members externalMembers tenant"),
            _kind("role", "Role", "role", "Role", 3, f"description roles members {_PERMISSIONS} tenant"),
            _kind("tenant", "Tenant", "tenant", "Tenant", 4,
                  f"description members roles {_PERMISSIONS} quota picture"),
            _kind("oauthClient", "OAuth Client", "oauth-client", "OAuthClient", 5,
                  "description emails urls picture tenant"),
            _kind(API_KEY, "API Key", "api-key", "Account User", 6, f"description secrets roles {_PERMISSIONS} tenant"),
        )
    }
)  # fmt: skip
"""The types that exist on the new server, in the order of their numeric tags."""

GONE = MappingProxyType({"resource": "Resource", "location": "Location"})
"""Types that clients may name and that nothing can have any more: word and label."""

GONE_RIGHT = "principal"

MAIL_KINDS = frozenset({"individual", "group", "list"})
"""Kinds that have an address."""

FIELDS = frozenset(
    (
        "name type quota usedQuota description secrets emails memberOf members tenant roles lists "
        f"{_PERMISSIONS} picture urls externalMembers locale"
    ).split()
)
"""Names that `fields` of a list accepts (legacy-rest-api 3.3)."""

BUILT_IN_ROLES = ("admin", "tenant-admin", "user")
"""Roles that are no principals (mapping-principals 2.12)."""

_WORDS = frozenset({*KINDS, *GONE})


def word_of(text: str) -> str | None:
    """The type that a client names, None for an unknown one; `other` cannot be named (legacy-rest-api 3.1)."""
    text = "individual" if text == "superuser" else text
    return text if text in _WORDS else None


def right_of(word: str) -> str:
    """Prefix of the old rights over a type that `word_of` gives."""
    return KINDS[word].right if word in KINDS else GONE_RIGHT


def kind_of(type_: str, object_: Mapping[str, Any]) -> Kind:
    """The old kind of an object of the new server; an individual for an account that stands for an API key, too."""
    return next(
        kind for kind in KINDS.values() if kind.object == type_ and kind.variant in (None, object_.get("@type", "User"))
    )
