"""What can go wrong between the gateway and the new server.

    UpstreamError
    ├── Unreachable            no connection, one that broke while reading, or the breaker is open: nothing was changed
    ├── Busy                   the caller's own queue for a free slot ran over its deadline: nothing was sent
    ├── TooSlow                a read was not answered in time
    ├── OutcomeUnknown         a write was sent and its answer was lost
    ├── Garbled                the answer is not what the protocol promises
    ├── HttpRefusal            an HTTP status other than 200: .status, .limit, .retry_after
    └── MethodError            one method call failed: .type, .description

None of them carries a request, a reply body or a credential: the server echoes whole requests, passwords included, in `notRequest`.
"""


class UpstreamError(Exception):
    """Base of everything that the new server, or the way to it, did not do as asked."""


class Unreachable(UpstreamError):
    """No connection could be made, it kept breaking while reading, or the breaker is open; nothing was changed."""

    def __init__(self, retry_after: int = 5) -> None:
        super().__init__("the new server cannot be reached")
        self.retry_after = retry_after


class Busy(UpstreamError):
    """No slot for this account became free before the deadline; nothing was sent."""

    def __init__(self, retry_after: int = 1) -> None:
        super().__init__("too many requests of this account are waiting for the new server")
        self.retry_after = retry_after


class TooSlow(UpstreamError):
    """A read was not answered in time; it changed nothing."""

    def __init__(self) -> None:
        super().__init__("the new server did not answer in time")


class OutcomeUnknown(UpstreamError):
    """A write was sent and no answer came back: it may have been carried out."""

    def __init__(self) -> None:
        super().__init__("the answer to a change was lost")


class Garbled(UpstreamError):
    """The new server's answer does not have the promised form."""

    def __init__(self, what: str) -> None:
        super().__init__(f"unusable answer of the new server: {what}")


class HttpRefusal(UpstreamError):
    """The new server refused the whole request with an HTTP status."""

    def __init__(self, status: int, limit: str | None = None, retry_after: int | None = None) -> None:
        super().__init__(f"the new server answered {status}" + (f" ({limit})" if limit else ""))
        self.status = status
        self.limit = limit
        self.retry_after = retry_after


class MethodError(UpstreamError):
    """One call of a batch failed (jmap-management-api 1.10)."""

    def __init__(self, method: str, type_: str, description: str = "") -> None:
        super().__init__(f"{method}: {type_}" + (f" ({description})" if description else ""))
        self.method = method
        self.type = type_
        self.description = description
