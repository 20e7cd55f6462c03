"""Containers of the new API, which are objects on the wire (jmap-management-api 2.2)."""

from collections.abc import Mapping
from typing import Any


def members(values: Mapping[str, Any]) -> list[str]:
    """Members of a set `{member: true}` in the order of the wire."""
    return [member for member, held in values.items() if held]


def in_order(values: Mapping[str, Any]) -> list[Any]:
    """Entries of a list `{"0": …, "1": …}` by their position."""
    return [values[position] for position in sorted(values, key=int)]
