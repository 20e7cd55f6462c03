"""Whether a request keeps to the contract: the gate first, the judge where the gate is not sure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from gateway.contract.paths import Match
from gateway.contract.spec import Spec


@dataclass(frozen=True, slots=True)
class Violation:
    """Why a request is refused: `detail` in the old server's words for the endpoint, `where` and `reason` for the log.

    The reason names members and rules, never values: bodies carry passwords.
    """

    where: Literal["path", "query", "body"]
    reason: str
    detail: str


class Contract:
    """Judges requests that were routed."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec

    def check(self, match: Match, query: Mapping[str, str], body: Any) -> Violation | None:
        """None for a request that the old server accepted.

        `query` is what the old rules leave of the query string (legacy-rest-api 1.9), `body` the JSON value, for operations that take one.
        """
        del match, query, body
        return None
