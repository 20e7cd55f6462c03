"""Zone files of the new server as records of the old API (mapping-principals 6.6; recordings `directory.dkim.zone`)."""

import re
from collections.abc import Iterator

_CLASS = " IN "
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_OPEN, _CLOSED, _COMMENT = "(", ")", ";"


def records(text: str) -> list[dict[str, str]]:
    """`type`, `name` and `content` of each record, in the order of the file; texts are unquoted and in one piece."""
    return [
        {"type": type_, "name": name, "content": _text(data) if type_ == "TXT" else data}
        for name, type_, data in map(_parts, _entries(text))
        if type_
    ]


def _entries(text: str) -> Iterator[str]:
    """Each record in one line, also where it stands in brackets over several."""
    lines = iter(text.split("\n"))
    for line in lines:
        if not line.strip() or line.startswith(_COMMENT):
            continue
        if not line.endswith(_OPEN):
            yield line
            continue
        pieces = [line.removesuffix(_OPEN).rstrip()]
        for piece in lines:
            if piece.strip() == _CLOSED:
                break
            pieces.append(piece.strip())
        yield " ".join(pieces)


def _parts(line: str) -> tuple[str, str, str]:
    """Name, type and data; no type for a line that is no record. A name may hold blanks: the server does not check selectors."""
    name, _, rest = line.partition(_CLASS)
    type_, _, data = rest.partition(" ")
    return name, type_, data


def _text(data: str) -> str:
    pieces = _QUOTED.findall(data)
    return "".join(_ESCAPED.sub(r"\1", piece) for piece in pieces) if pieces else data
