"""List every operation of the old API, what it needs, and what answers it."""

import argparse
import json
from collections import Counter
from typing import Any

from gateway.app import collect_rows, specification
from gateway.contract import Operation
from gateway.legacy.table import Action

DESCRIPTION = """
List every operation of the old API with the old permission it needs and the calls of the new API that serve it.
Status: ready = served, refused = answered with a reason because the new server has no counterpart.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of the command."""
    parser.description = DESCRIPTION
    parser.add_argument("--format", choices=("table", "json", "markdown"), default="table", help="how to print the list (default table)")


def execute(arguments: argparse.Namespace) -> int:
    """Print the list."""
    spec = specification()
    rows = collect_rows(spec)
    routes = [_route(operation, rows[operation.id]) for operation in spec.operations]
    match arguments.format:
        case "json":
            print(json.dumps(routes, ensure_ascii=False, indent=2))
        case "markdown":
            print(_markdown(routes))
        case _:
            print(_table(routes))
    return 0


def _route(operation: Operation, action: Action) -> dict[str, Any]:
    return {
        "operationId": operation.id,
        "method": operation.method,
        "path": operation.template,
        "status": action.status,
        "permission": operation.permission,
        "calls": list(action.calls),
        "note": action.note,
        "since": operation.since,
        "until": operation.until,
        "entries": list(operation.entries),
        "replacement": operation.replacement,
    }


def _markdown(routes: list[dict[str, Any]]) -> str:
    lines = ["| Old call | Status | Permission | New calls | Note |", "|---|---|---|---|---|"]
    for route in routes:
        calls = ", ".join(f"`{call}`" for call in route["calls"])
        permission = f"`{route['permission']}`" if route["permission"] else ""
        note = route["note"].replace("|", "\\|")
        lines.append(f"| `{route['method']} {route['path']}`{_versions(route)} | {route['status']} | {permission} | {calls} | {note} |")
    return "\n".join([*lines, "", _counts(routes)])


def _table(routes: list[dict[str, Any]]) -> str:
    head = ("OPERATION", "OLD CALL", "STATUS", "PERMISSION", "NEW CALLS")
    cells = [
        (route["operationId"], f"{route['method']} {route['path']}{_versions(route)}", route["status"], route["permission"] or "-", " ".join(route["calls"]) or route["note"])
        for route in routes
    ]
    widths = [max(len(row[column]) for row in (head, *cells)) for column in range(len(head) - 1)]
    lines = ["  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[-1]]).rstrip() for row in (head, *cells)]
    return "\n".join([*lines, "", _counts(routes)])


def _versions(route: dict[str, Any]) -> str:
    return "".join([f" ≥ {route['since']}" if route["since"] else "", f" ≤ {route['until']}" if route["until"] else ""])


def _counts(routes: list[dict[str, Any]]) -> str:
    counted = Counter(route["status"] for route in routes)
    return f"{len(routes)} operations: {', '.join(f'{counted[status]} {status}' for status in ('ready', 'refused'))}."
