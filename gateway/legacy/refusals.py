"""Refusals in the words of the old API.

    Refusal
    ├── Problem            problem document with an HTTP status (legacy-rest-api 1.5)
    │   ├── NotFound       404: unknown route, wrong method, id that names nothing
    │   ├── Forbidden      403: a permission is missing
    │   ├── Unauthorized   401: `challenge` adds the two WWW-Authenticate lines
    │   ├── BadRequest     400
    │   └── InternalError  500: it was tried and failed, and the old server said no more than that
    └── ManagementError    HTTP 200 with an `error` member (legacy-rest-api 1.4)
        ├── ItemNotFound   `notFound`
        ├── Unsupported    `unsupported`: the new server cannot do it, or it would do more than asked
        │   └── EnterpriseOnly  its edition has no such feature
        └── Other          `other`: it was tried and failed
"""

from typing import Any

INTERNAL = "There was a problem while processing your request. Please contact the system administrator if this problem persists."
"""What the old server said of everything that failed on its side (legacy-rest-api 1.5.5)."""


class Refusal(Exception):
    """A reply that says no; nothing has been changed unless its text says so."""


class Problem(Refusal):
    """Problem document."""

    def __init__(self, status: int, title: str | None, detail: str, type_: str = "about:blank", **members: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.body: dict[str, Any] = {"type": type_, "status": status}
        if title is not None:
            self.body["title"] = title
        self.body |= {"detail": detail, **members}


class NotFound(Problem):
    """404 of an unknown route, a wrong method or an id that names nothing."""

    def __init__(self) -> None:
        super().__init__(404, "Not Found", "The requested resource does not exist on this server.")


class Forbidden(Problem):
    """403; the text never names the missing permission."""

    def __init__(self) -> None:
        super().__init__(403, "Forbidden", "You do not have enough permissions to access this resource.")


class Unauthorized(Problem):
    """401 (legacy-rest-api 1.5.2)."""

    def __init__(self, *, challenge: bool = False) -> None:
        super().__init__(401, "Unauthorized", "You have to authenticate first.")
        self.challenge = challenge


class BadRequest(Problem):
    """400 with the old server's words for the endpoint."""

    def __init__(self, detail: str = "JSON deserialization failed") -> None:
        super().__init__(400, "Invalid parameters", detail)


class InternalError(Problem):
    """500 of a call that was tried and failed, where the old server had no other words for it."""

    def __init__(self) -> None:
        super().__init__(500, "Internal Server Error", INTERNAL)


class ManagementError(Refusal):
    """HTTP 200 whose body carries `error`."""

    def __init__(self, error: str, **members: Any) -> None:
        super().__init__(error)
        self.body: dict[str, Any] = {"error": error, **members}


class ItemNotFound(ManagementError):
    """`notFound`; `item` may be empty."""

    def __init__(self, item: str = "") -> None:
        super().__init__("notFound", item=item)


class Unsupported(ManagementError):
    """`unsupported` with a text that old clients show."""

    def __init__(self, details: str) -> None:
        super().__init__("unsupported", details=details)


class EnterpriseOnly(Unsupported):
    """The edition of the new server does not have the feature (decision 1)."""

    def __init__(self) -> None:
        super().__init__("Enterprise feature")


class Other(ManagementError):
    """`other`; `reason` is always present and may be null."""

    def __init__(self, details: str, reason: str | None) -> None:
        super().__init__("other", details=details, reason=reason)
