"""The parts of docs/settings.md that are made from the map of settings and the list of WebAdmin's pages."""

from collections.abc import Iterable, Iterator, Sequence

from gateway.knowledge.settings_map import SETTINGS, Row
from gateway.knowledge.settings_notes import note
from gateway.knowledge.settings_pages import Page, off_pages, pages

KINDS = {"records": "records", "keys": "one key each", "fields": "single fields"}


def pages_table() -> str:
    """Markdown table of all pages with their counts and objects."""
    lines = ["| Page | What it edits | Read-write | Read-only | Gone | Objects of the new server |", "|---|---|---|---|---|---|"]
    for page in pages():
        counts = page.counts or {"rw": 1, "r": 0, "none": 0}
        what = f"{KINDS[page.kind]} below `{page.prefix}`" if page.prefix else KINDS[page.kind]
        lines.append(f"| [{page.name}](#{page.name}) | {what} | {counts['rw']} | {counts['r']} | {counts['none']} | {', '.join(_objects(page.rows)) or 'none'} |")
    return "\n".join(lines)


def gone_list() -> str:
    """What no longer exists, by page, with the reasons."""
    lines: list[str] = []
    for page in pages():
        gone = page.fitting("none")
        if gone:
            lines += ["", f"**{page.name}**{_some(page, 'none')}", "", *_reasons(gone, page)]
    return "\n".join(lines).strip()


def fields_list() -> str:
    """All fields of all pages."""
    lines: list[str] = []
    for page in pages():
        lines += ["", f"### {page.name}", ""]
        if page.kind == "keys":
            lines.append(f"- one key for each entry: `{page.prefix}.<id>`, in {', '.join(_objects(page.rows))}")
            continue
        if rows := page.fitting("rw"):
            lines.append(f"- read-write{_some(page, 'rw')}: {_keys(rows, page)}")
        if rows := page.fitting("r"):
            lines.append(f"- read-only: {_keys(rows, page)}")
        if rows := page.fitting("none"):
            lines.append(f"- gone{_some(page, 'none')}: {_keys(rows, page)}")
    return "\n".join(lines).strip()


def others_list() -> str:
    """Keys that no page has: of scripts, of configuration files, of older versions."""
    rows = off_pages()
    lines = ["**Read-write**", "", *_by_object(row for row in rows if row.direction == "rw" and not row.alias), "", "**Other names of a key**", ""]
    lines += [f"- `{row.pattern}` is `{row.alias}`" for row in SETTINGS.rows if row.alias]
    lines += ["", "**Gone**", "", *_reasons([row for row in rows if row.direction == "none"], None)]
    return "\n".join(lines)


def read_only_list() -> str:
    """Keys that cannot be changed, with the reasons."""
    return "\n".join(_reasons([row for row in SETTINGS.rows if row.direction == "r" and not row.is_record], None))


PARTS = {"pages": pages_table, "gone": gone_list, "read-only": read_only_list, "fields": fields_list, "others": others_list}


def _objects(rows: Iterable[Row]) -> list[str]:
    return [f"`x:{name}`" for name in dict.fromkeys(name for row in rows for name in row.objects)]


def _some(page: Page, direction: str) -> str:
    """What the counts leave open."""
    excess = page.excess(direction)  # type: ignore[arg-type]
    if excess > 0:
        return f" ({page.counts[direction]} of these were on the page)"  # type: ignore[index]
    return f" ({page.counts[direction]} fields)" if excess < 0 else ""  # type: ignore[index]


def _keys(rows: Sequence[Row], page: Page | None) -> str:
    before = f"{page.prefix}.<id>." if page and page.prefix else ""
    return ", ".join(f"`{row.base.removeprefix(before)}`" for row in rows)


def _reasons(rows: Sequence[Row], page: Page | None) -> Iterator[str]:
    """A line for each reason, in the order in which they come up."""
    said: dict[str, list[Row]] = {}
    for row in rows:
        why = note(row)
        said.setdefault(why.reason if why else "", []).append(row)
    for reason, those in said.items():
        yield f"- {_keys(those, page)}: {reason}"


def _by_object(rows: Iterable[Row]) -> Iterator[str]:
    held: dict[str, list[Row]] = {}
    for row in rows:
        held.setdefault(", ".join(_objects([row])), []).append(row)
    for objects, those in held.items():
        yield f"- {objects}: {_keys(those, None)}"
