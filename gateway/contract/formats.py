"""Formats of texts that the specification names and OpenAPI does not know, for gate and judge alike."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

SHORT = 512


def is_short(value: Any) -> bool:
    """Whether a text has at most 512 bytes in UTF-8 (legacy-rest-api 3.4); formats say nothing of other values."""
    if not isinstance(value, str):
        return True
    return len(value) * 4 <= SHORT or len(value.encode("utf-8", "surrogatepass")) <= SHORT


FORMATS: Mapping[str, Callable[[Any], bool]] = MappingProxyType({"text512": is_short})
"""By the name that `format` gives."""
