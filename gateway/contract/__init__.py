"""The promise of the old API: its operations, which of them a request means, and whether the request keeps to it.

    openapi.yaml ──► Spec ──► Operation … ──► PathTable.find(method, raw path) ──► Match
                                     └──────► Contract.check(match, query, body) ──► Violation | None
"""

from gateway.contract.contract import Contract, Violation
from gateway.contract.operation import Operation, SpecError
from gateway.contract.paths import Match, PathTable
from gateway.contract.spec import Spec

__all__ = ["Contract", "Match", "Operation", "PathTable", "Spec", "SpecError", "Violation"]
