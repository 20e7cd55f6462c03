"""Formats of texts that the specification names and OpenAPI does not know, for gate and judge alike."""

from collections.abc import Callable, Mapping
from ipaddress import ip_address
from types import MappingProxyType
from typing import Any

SHORT = 512


def is_short(value: Any) -> bool:
    """Whether a text has at most 512 bytes in UTF-8 (legacy-rest-api 3.4); formats say nothing of other values."""
    if not isinstance(value, str):
        return True
    return len(value) * 4 <= SHORT or len(value.encode("utf-8", "surrogatepass")) <= SHORT


def is_ip(value: Any) -> bool:
    """Whether a text is an IP address, of either kind and without a zone; formats say nothing of other values."""
    if not isinstance(value, str):
        return True
    try:
        return "%" not in value and bool(ip_address(value))
    except ValueError:
        return False


FORMATS: Mapping[str, Callable[[Any], bool]] = MappingProxyType({"text512": is_short, "ip": is_ip})
"""By the name that `format` gives."""
