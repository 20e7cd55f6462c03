"""Whether a request keeps to the contract: the gate first, the judge where the gate is not sure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from gateway.contract.gate import compile_gate
from gateway.contract.judge import Finding, Judge
from gateway.contract.old_json import complaint
from gateway.contract.operation import Operation
from gateway.contract.paths import Match
from gateway.contract.spec import Spec, parameters, resolve

DEFAULT_DETAIL = "JSON deserialization failed"
MOST_JUDGED = 1000


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
        self._document = spec.document
        self._judge = Judge(spec.document)
        self._gates = {operation.id: compile_gate(spec.document, operation) for operation in spec.operations}

    def check(self, match: Match, query: Mapping[str, str], body: Any = None, raw: bytes = b"") -> Violation | None:
        """None for a request that the old server accepted.

        `query` is what the old rules leave of the query string (legacy-rest-api 1.9), `body` the value that `body.parse` gave of `raw`, for
        operations whose `body` is `json`. Microseconds when the gate is sure, else a fraction of a millisecond, or some for a large body.
        The judge needs many seconds for the largest, so a large body is refused as soon as the gate does not take it.
        """
        gate = self._gates[match.operation.id]
        if gate is not None and gate(match.elements, query, body):
            return None
        if gate is not None and not gate.takes_body(body) and _more_values(body, MOST_JUDGED):
            return Violation("body", "large and of the wrong form", self.refusal_of_body(match.operation, raw))
        finding = self._judge.find_fault(match.operation, match.elements, query, body)
        if finding is None:
            return None
        reason = f"{finding.name}: {finding.rule}" if finding.name else finding.rule
        return Violation(finding.where, reason, self._detail(match.operation, finding, raw))

    def surely_valid(self, match: Match, query: Mapping[str, str], body: Any = None) -> bool:
        """Whether the gate alone accepts; False means that it is not sure."""
        gate = self._gates[match.operation.id]
        return gate is not None and gate(match.elements, query, body)

    def refusal_of_body(self, operation: Operation, raw: bytes) -> str:
        """The 400 text for a body that is not acceptable, or cannot be read at all."""
        described = resolve(self._document, operation.source["requestBody"])
        said = complaint(described["x-reader"], raw) if "x-reader" in described else None
        detail: str = said or described.get("x-refusal", DEFAULT_DETAIL)
        return detail

    def _detail(self, operation: Operation, finding: Finding, raw: bytes) -> str:
        """The 400 text of the parameter or body at fault."""
        if finding.where == "body":
            return self.refusal_of_body(operation, raw)
        declared = parameters(self._document, operation.path, operation.source)
        at_fault = next(item for item in declared if (item["in"], item["name"]) == (finding.where, finding.name))
        detail: str = at_fault.get("x-refusal", DEFAULT_DETAIL)
        return detail


def _more_values(body: Any, most: int) -> bool:
    """Whether more than so many values are in a JSON value."""
    known = [body]
    for value in known:
        if len(known) > most:
            break
        if isinstance(value, dict):
            known += value.values()
        elif isinstance(value, list):
            known += value
    return len(known) > most
