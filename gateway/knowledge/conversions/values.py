"""What a conversion is: one value of the new server and the texts that stood for it in the old settings (mapping-settings 6.1)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

OFF_WORDS = frozenset({"", "false", "disable", "disabled", "never", "0"})
"""Texts that meant "none" where a value was optional (mapping-settings 1.8)."""


class Invalid(ValueError):
    """A text that no value stands for; its message is the reason that clients are shown and holds no secret."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value under one key: `read` gives its text, None for an absent key; `write` the value, Invalid when there is none."""

    read: Callable[[Any], str | None]
    write: Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Many:
    """A value under indexed keys: `read` gives the texts in order, `write` the value, Invalid when there is none."""

    read: Callable[[Any], list[str]]
    write: Callable[[list[str]], Any]


Conversion = Scalar | Many


def optional(inner: Scalar, off: frozenset[str] = OFF_WORDS) -> Scalar:
    """The same value or null, for which the `off` words and zero in any spelling stand; null reads as an absent key."""
    return Scalar(
        lambda value: None if value is None else inner.read(value),
        lambda text: None if text in off else inner.write(text) or None,
    )
