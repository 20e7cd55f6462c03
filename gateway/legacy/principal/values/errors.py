"""What the new server says against a change of a principal, in the words of the old one (mapping-principals 4.2).

Use: `refusal(error, request)` for one set error; of a taken address `holder(error)` says who has it, and `address_taken(request, holder)` which one it is.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.jmap.calls import Object
from gateway.legacy.principal.context import Context
from gateway.legacy.principal.reading import addresses_of
from gateway.legacy.principal.values.addresses import parted, taken
from gateway.legacy.refusals import Forbidden, ItemNotFound, ManagementError, Other, Problem, Refusal, Unsupported

GRANTS = "You are not authorized to grant permissions"
LICENCE = "Enterprise licensed account limit"
EXTERNAL = ("Cannot set credentials", "Cannot change credentials")
_MAIL_TYPES = ("Account", "MailingList")


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked for, for the texts.

    `name` is the new name as it was sent, or the path name; `own` the own address that the object would get, None when that does not change; `addresses`
    are the other ones asked for, `references` names by the id that they led to. `roles`: whether roles were named.
    """

    name: str
    own: str | None = None
    addresses: Sequence[str] = ()
    references: Mapping[str, str] = field(default_factory=dict)
    roles: bool = False


def holder(error: Object) -> tuple[str, str] | None:
    """Type and id of the account or list that has an address that was asked for, None for other errors."""
    other: Mapping[str, Any] = error.get("objectId") or {}
    if error["type"] != "primaryKeyViolation" or other.get("object") not in _MAIL_TYPES or not {"email"} & set(_properties(error)):
        return None
    return other["object"], other["id"]


def address_taken(request: Request, other: Object | None, context: Context) -> ManagementError:
    """Refusal of an address that another account or list has; that was read with `id`, `emailAddress`, `aliases`, or is None where it is kept from the caller."""
    if other is not None:
        if request.own is not None and request.own == other["emailAddress"]:
            return taken("name", request.name)
        has = addresses_of(other, context)
        for address in request.addresses:
            if address in has:
                return taken("emails", address)
    if request.own is not None:
        return taken("name", request.name)
    return taken("emails", next(iter(request.addresses), request.name))


def refusal(error: Object, request: Request) -> Refusal:
    """Old refusal for one set error of a create or an update."""
    known = _BY_TYPE.get(error["type"])
    return known(error, request) if known else Other("Operation failed", _said(error))


def _key(error: Object, request: Request) -> Refusal:
    if "email" in _properties(error) and request.own is None and request.addresses:
        return taken("emails", request.addresses[0])
    return taken("name", request.name)


def _missing(error: Object, request: Request) -> Refusal:
    id_ = (error.get("objectId") or {}).get("id", "")
    return ItemNotFound(request.references.get(id_, id_))


def _invalid(error: Object, _request: Request) -> Refusal:
    problems: Iterable[Object] = error.get("validationErrors") or ()
    for problem in problems:
        if problem.get("type") == "Required":
            property_ = problem.get("property", "name")
            return ManagementError("fieldMissing", field="name" if property_ in {"name", "domainId"} else property_)
    first = next(iter(problems), {})
    return Other("Invalid parameter", error.get("description") or first.get("value") or first.get("type") or error["type"])


def _properties_refused(error: Object, _request: Request) -> Refusal:
    secret = any(it.rpartition("/")[2] == "secret" for it in _properties(error))
    return Other("Invalid password" if secret else "Invalid parameter", _said(error))


def _patch_refused(error: Object, request: Request) -> Refusal:
    description = error.get("description", "")
    if description.startswith("Cannot modify memberTenantId"):
        return Forbidden()
    if description == "Invalid domain name":
        return Other("Invalid principal name", f'"{request.name}" is not a valid domain name')
    if description.startswith(("Invalid email local part", "Invalid email address")):
        if any(it.startswith("aliases") for it in _properties(error)):
            return Other("Invalid email address", description)
        return Other("Invalid principal name", f'"{_local(request.name)}" is not a valid e-mail local part')
    return Other("Invalid parameter", _said(error))


def _forbidden(error: Object, request: Request) -> Refusal:
    description = error.get("description", "")
    if description.startswith(GRANTS):
        return Other("Invalid role" if request.roles else "Invalid permission", description)
    if description.startswith(EXTERNAL):
        return Unsupported(description)
    if description.startswith(LICENCE):
        return Other("License account limit reached", description)
    return Forbidden()


def _over_quota(_error: Object, _request: Request) -> Refusal:
    return Problem(403, "Tenant quota exceeded", "Your organization has exceeded its quota.")


def _not_found(_error: Object, request: Request) -> Refusal:
    return ItemNotFound(request.name)


_BY_TYPE: Mapping[str, Callable[[Object, Request], Refusal]] = {
    "primaryKeyViolation": _key,
    "invalidForeignKey": _missing,
    "validationFailed": _invalid,
    "invalidProperties": _properties_refused,
    "invalidPatch": _patch_refused,
    "forbidden": _forbidden,
    "overQuota": _over_quota,
    "notFound": _not_found,
}


def _properties(error: Object) -> list[str]:
    return list(error.get("properties") or ())


def _said(error: Object) -> str:
    text: str = error.get("description") or error["type"]
    return text


def _local(name: str) -> str:
    return parted(name)[0] if "@" in name else name
