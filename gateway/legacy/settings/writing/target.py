"""What texts of the old settings are written into: the words shared by the parts of a write (mapping-settings 5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gateway.jmap.calls import Object
from gateway.knowledge.settings_map import Row
from gateway.legacy.refusals import ManagementError, Other, Unsupported
from gateway.legacy.settings.naming import Snapshot
from gateway.legacy.settings.records import Named

Given = str | list[str] | dict[str, str] | None
"""Texts of one key: of a single value, of the elements of a list in order, of an expression by the rest of their keys; None when it is absent."""

Cells = Mapping[str, Given]
"""Given by key without index, each key under the name that is listed."""

Values = list[tuple[str, Any]]
"""Values by JSON pointer into an object."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a value may depend on besides its own text: everything that was fetched, and all settings before and after the batch.

    `created` are references (`#c0`) to records that the same batch creates, by type and record id; `keep_events` says that a page of the
    old WebAdmin was saved, which knows no newer events.
    """

    snapshot: Snapshot
    named: Named
    before: Cells = field(default_factory=dict)
    after: Cells = field(default_factory=dict)
    created: Mapping[tuple[str, str], str] = field(default_factory=dict)
    keep_events: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """An object as it will be: what is stored of it, None for one that is created; its variant after the batch; the old record id."""

    type: str
    stored: Object | None
    variant: str | None = None
    record: str | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """One key of one object: its row, the key as the client spelled it (without index), its texts, and the surroundings."""

    row: Row
    key: str
    given: Given
    target: Target
    context: Context

    @property
    def text(self) -> str:
        """The text of a key that has one."""
        return self.given if isinstance(self.given, str) else ""

    @property
    def texts(self) -> list[str]:
        """The elements of a list or the parts of an expression; a single text is one."""
        if isinstance(self.given, str):
            return [self.given]
        if isinstance(self.given, dict):
            return list(self.given.values())
        return list(self.given or ())


class Place(NamedTuple):
    """Where a key is kept: type, object (None when there is none yet) and JSON pointer."""

    type: str
    stored: Object | None
    pointer: str


class Update(NamedTuple):
    """Values for another object than the one of the key."""

    type: str
    id: str
    values: Values


class FieldMissing(ManagementError):
    """`fieldMissing`: a key that the new server cannot do without."""

    def __init__(self, key: str) -> None:
        super().__init__("fieldMissing", field=key)


class Inconvertible(Unsupported):
    """An expression for which the new server has no words."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"Expression in setting '{key}' cannot be converted: {reason}")


class InvalidValue(Other):
    """A text that no value stands for; the reason never shows a secret."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"Invalid value for setting '{key}'", reason)


class ReadOnly(Unsupported):
    """A key that is shown only."""

    def __init__(self, key: str) -> None:
        super().__init__(f"Setting '{key}' is read-only")


class Unknown(Unsupported):
    """A key, or a value of it, that the new server has nothing for."""

    def __init__(self, key: str) -> None:
        super().__init__(f"Setting '{key}' is not supported by this server version")
