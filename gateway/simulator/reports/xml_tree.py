"""XML written by strangers as a small tree: no entity of their own is ever expanded, and size, depth and number of elements are bounded.

Text is read as the recorded server reads it: every stretch between two tags or character references loses its outer white space,
so `Other &amp; Co` becomes `Other&Co`.
"""

from dataclasses import dataclass, field
from xml.parsers import expat

MOST_BYTES = 8 * 1024 * 1024
MOST_ELEMENTS = 100_000
DEEPEST = 32

_REFERENCE = ord("&")


class Unreadable(ValueError):
    """The data is no well-formed document, or it is larger, deeper or cleverer than a report has reason to be."""


@dataclass(slots=True)
class Element:
    """One element; `children` in document order, `stretches` of its own text with True for what came from a reference."""

    name: str
    attributes: dict[str, str]
    children: list["Element"] = field(default_factory=list)
    stretches: list[tuple[bool, str]] = field(default_factory=list)

    def text(self) -> str | None:
        """The text of the element, None when it has none."""
        return "".join(text if reference else text.strip() for reference, text in self.stretches) or None

    def all(self, name: str) -> list["Element"]:
        """Children of that name."""
        return [child for child in self.children if child.name == name]

    def last(self, name: str) -> "Element | None":
        """The last child of that name, as later values replace earlier ones, or None."""
        return next((child for child in reversed(self.children) if child.name == name), None)

    def value(self, name: str) -> str | None:
        """Text of the child of that name, None when it is absent or empty."""
        child = self.last(name)
        return child.text() if child else None


def parse(data: bytes, encoding: str | None = None) -> Element:
    """Root element of a document; `encoding` overrules what the document says. Unreadable when it cannot or should not be read."""
    if len(data) > MOST_BYTES:
        raise Unreadable("too large")
    builder = _Builder(data, encoding)
    try:
        builder.parser.Parse(data, True)
    except (expat.ExpatError, LookupError, UnicodeError) as error:
        raise Unreadable(str(error)) from error
    if builder.root is None:
        raise Unreadable("no element")
    return builder.root


class _Builder:
    """Handlers of one expat run."""

    def __init__(self, data: bytes, encoding: str | None) -> None:
        self.root: Element | None = None
        self.parser = expat.ParserCreate(encoding)
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.EntityDeclHandler = self._entity
        self._data = data
        self._path: list[Element] = []
        self._elements = 0

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > MOST_ELEMENTS or len(self._path) >= DEEPEST:
            raise Unreadable("too many elements, or nested too deeply")
        element = Element(name, attributes)
        if self._path:
            self._path[-1].children.append(element)
        else:
            self.root = element
        self._path.append(element)

    def _end(self, _name: str) -> None:
        self._path.pop()

    def _text(self, text: str) -> None:
        reference = self._data[self.parser.CurrentByteIndex] == _REFERENCE
        stretches = self._path[-1].stretches
        if stretches and not reference and not stretches[-1][0]:
            text = stretches.pop()[1] + text
        stretches.append((reference, text))

    def _entity(self, *_declaration: object) -> None:
        raise Unreadable("declares entities")
