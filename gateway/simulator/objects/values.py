"""Kinds of single values: what the server accepts, how it stores it and how it says no (jmap-management-api 2.2.5, 2.2.6).

A kind turns a JSON value into the stored form with `parse`, or raises the SetError `invalidPatch` that names `path`.
"""

import ipaddress
import math
import re
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from gateway.knowledge.instants import text_of, unix_of
from gateway.simulator.errors import MethodError, SetError
from gateway.simulator.text_ids import canonical

LATEST = 32_503_680_000  # the year 3000
MASK = "****"


@dataclass(slots=True)
class Write:
    """Circumstances of one write: whether it makes a new object, and what creation names of the request mean."""

    creating: bool
    created: MutableMapping[str, str] = field(default_factory=dict)


def wrong(path: str, description: str) -> SetError:
    """The SetError for a value that cannot be read; `path` is the pointer to it."""
    return SetError("invalidPatch", description, properties=[path])


def join(path: str, name: str) -> str:
    """Pointer of a member."""
    return f"{path}/{name}" if path else name


class Kind:
    """What a property may hold."""

    default: Any = None

    def parse(self, value: Any, path: str, write: Write, current: Any = None) -> Any:
        """Stored form of a JSON value; `current` is what is stored there now."""
        raise NotImplementedError

    def show(self, stored: Any) -> Any:
        """Wire form of a stored value."""
        return stored

    def links(self, _stored: Any) -> Iterator[tuple[str, str]]:
        """References in a stored value: (object type, id)."""
        return iter(())

    def key(self, text: str, _write: Write) -> str:
        """Stored form of a member name, where the kind names members of a set or map; ValueError when it may not."""
        if not text.strip():
            raise ValueError(text)
        return text.strip()


@dataclass(slots=True)
class Text(Kind):
    """A string that is never empty; `normalise` changes or refuses it, a secret one is never shown."""

    normalise: Callable[[str], str] | None = None
    secret: bool = False

    def parse(self, value: Any, path: str, write: Write, current: Any = None) -> Any:  # noqa: ARG002 - one form for all kinds
        """Stored text."""
        if not isinstance(value, str) or not value:
            raise wrong(path, "Invalid value for property.")
        if self.normalise is None:
            return value
        try:
            return self.normalise(value)
        except ValueError as error:
            raise wrong(path, str(error)) from None

    def show(self, stored: Any) -> Any:
        """The text, or the mask of a secret."""
        return MASK if self.secret and stored is not None else stored


class Boolean(Kind):
    """One of true and false."""

    default = False

    def parse(self, value: Any, path: str, write: Write, current: Any = None) -> Any:  # noqa: ARG002
        """Stored boolean."""
        if not isinstance(value, bool):
            raise wrong(path, "Invalid value for boolean property (expected true or false)")
        return value


@dataclass(slots=True)
class Integer(Kind):
    """A JSON integer of 64 bits."""

    signed: bool = False
    default: Any = 0

    def parse(self, value: Any, path: str, write: Write, current: Any = None) -> Any:  # noqa: ARG002
        """Stored integer."""
        low, high = (-(2**63), 2**63 - 1) if self.signed else (0, 2**64 - 1)
        if type(value) is not int or not low <= value <= high:
            name, form = ("signed", "integer") if self.signed else ("unsigned", "non-negative integer")
            raise wrong(path, f"Invalid value for {name} integer property (expected {form})")
        return value


class Float(Kind):
    """A finite JSON number."""

    default = 0.0

    def parse(self, value: Any, path: str, write: Write, current: Any = None) -> Any:  # noqa: ARG002
        """Stored number."""
        if type(value) not in {int, float} or not math.isfinite(value):
            raise wrong(path, "Invalid value for float property (expected finite number)")
        return float(value)


class Duration(Kind):
    """Milliseconds, more than none; none at all where nothing was written."""

    default = 0

    def parse(self, value: Any, path: str, write: Write, current: Any = None) -> Any:  # noqa: ARG002
        """Stored milliseconds."""
        if type(value) not in {int, float}:
            raise wrong(path, "Invalid path for Duration")
        if type(value) is not int or value <= 0:
            raise wrong(path, "Invalid duration value")
        return value


class Instant(Kind):
    """A point in time, RFC 3339."""

    def parse(self, value: Any, path: str, write: Write, current: Any = None) -> Any:  # noqa: ARG002
        """Stored text in UTC, whole seconds."""
        if not isinstance(value, str):
            raise wrong(path, "Invalid path for UTCDateTime, expected a string value")
        seconds = unix_of(value)
        if seconds is None or not 0 <= seconds < LATEST:
            raise wrong(path, "Failed to parse UTCDateTime from string")
        return text_of(seconds)


@dataclass(slots=True)
class Choice(Kind):
    """One of a fixed set of texts. The error names the value stored now, in the server's spelling of its variants."""

    values: tuple[str, ...]
    default: Any = None

    def parse(self, value: Any, path: str, write: Write, current: Any = None) -> Any:  # noqa: ARG002
        """The text."""
        if isinstance(value, str) and value in self.values:
            return value
        raise wrong(path, f"Invalid value {_spelled(value)} for enum type {_variant(current or self.default or self.values[0])}.")

    def key(self, text: str, _write: Write) -> str:
        """The text as member name."""
        if text not in self.values:
            raise ValueError(text)
        return text


@dataclass(slots=True)
class Id(Kind):
    """Id of another object; `target` is `Type` or `Type/variant`, `-` when it is no reference."""

    target: str

    def parse(self, value: Any, path: str, write: Write, current: Any = None) -> Any:  # noqa: ARG002
        """Canonical id; `#name` is looked up among the creations."""
        if not isinstance(value, str):
            raise wrong(path, "Invalid path for Id, expected a string value")
        if value.startswith("#"):
            found = write.created.get(value[1:])
            if found is None:
                raise MethodError("invalidResultReference", f'Id reference "{value[1:]}" does not exist or is invalid.')
            return found
        parsed = canonical(value)
        if parsed is None:
            raise wrong(path, "Failed to parse Id from string")
        return parsed

    def links(self, stored: Any) -> Iterator[tuple[str, str]]:
        """The object it names."""
        if stored is not None and self.target != "-":
            yield self.target, stored

    def key(self, text: str, write: Write) -> str:
        """Canonical id as member name."""
        parsed = write.created.get(text[1:]) if text.startswith("#") else canonical(text)
        if parsed is None:
            raise ValueError(text)
        return parsed


class BlobId(Kind):
    """Id of a blob."""

    _form: ClassVar[re.Pattern[str]] = re.compile("[a-z79230-1]{55,}")

    def parse(self, value: Any, path: str, write: Write, current: Any = None) -> Any:  # noqa: ARG002
        """The id as it was given, `#name` replaced."""
        if not isinstance(value, str):
            raise wrong(path, "Invalid path for BlobId, expected a string value")
        if value.startswith("#") and value[1:] in write.created:
            return write.created[value[1:]]
        if not self._form.fullmatch(value):
            raise wrong(path, "Failed to parse BlobId from string")
        return value


@dataclass(slots=True)
class Address(Kind):
    """An IP address (`IpAddr`), address or network (`IpAddrOrMask`), or address with port (`SocketAddr`)."""

    form: str

    def parse(self, value: Any, path: str, write: Write, current: Any = None) -> Any:  # noqa: ARG002
        """Canonical text."""
        try:
            return self.key(value if isinstance(value, str) else "", write)
        except ValueError:
            raise wrong(path, f"Failed to parse {self.form} from string") from None

    def key(self, text: str, _write: Write) -> str:
        """Canonical text as member name."""
        if self.form == "SocketAddr":
            host, _, port = text.rpartition(":")
            if not port.isascii() or not port.isdigit() or int(port) > 65_535:  # noqa: PLR2004 - ports
                raise ValueError(text)
            address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
            return f"[{address}]:{int(port)}" if address.version == 6 else f"{address}:{int(port)}"  # noqa: PLR2004
        if self.form == "IpAddr" or "/" not in text:
            return str(ipaddress.ip_address(text))
        network = ipaddress.ip_network(text, strict=False)
        if network.prefixlen < 8:  # noqa: PLR2004 - the server takes no wider networks
            raise ValueError(text)
        return str(ipaddress.ip_interface(text)) if network.prefixlen < network.max_prefixlen else str(network.network_address)


def _spelled(value: Any) -> str:
    """A JSON value as the server's error texts show it."""
    if isinstance(value, str):
        return f'Str("{value}")'
    if value is None:
        return "Null"
    if isinstance(value, bool):
        return f"Bool({str(value).lower()})"
    return f"Number({value})" if isinstance(value, int | float) else type(value).__name__.replace("list", "Array([])").replace("dict", "Object({})")


def _variant(text: str) -> str:
    """`de_DE` as `DeDE`, `auth.not-found` as `Auth(NotFound)`."""
    group, dot, name = text.partition(".")
    if dot:
        return f"{_variant(group)}({_variant(name)})"
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]", text))
