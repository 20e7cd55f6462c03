"""The parts of documents that are made from the project itself: settings and coverage in README.md, pages and keys in docs/settings.md.

Without arguments they are written anew between their markers; with `--check` nothing is written and a stale part is an error.
"""

import contextlib
import io
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, get_args, get_origin

import settings_pages
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from gateway.cli import main as gateway_command
from gateway.settings import names, variable

ROOT = Path(__file__).resolve().parent.parent


def settings_table() -> str:
    """Markdown table of every setting: name in the environment, default, meaning with the values it may have."""
    rows = ["| Setting | Default | Meaning |", "|---|---|---|"]
    rows += [f"| `{variable(path)}` | {_default(field)} | {_meaning(field)} |" for path, field in names()]
    return "\n".join(rows)


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value in (PydanticUndefined, "", [], {}, None):
        return "none"
    text = ",".join(value) if isinstance(value, list) else str(value).lower() if isinstance(value, bool) else str(value)
    return f"`{text}`"


def _meaning(field: FieldInfo) -> str:
    """The description, and the choices it does not name itself."""
    text = field.description or ""
    choices = [f"`{choice}`" for choice in get_args(field.annotation)] if get_origin(field.annotation) is Literal else []
    others = [choice for choice in choices if choice not in text and choice != f"`{field.default}`"]
    return text + (f" (or {', '.join(others)})" if others else "")


def coverage_table() -> str:
    """Markdown table of every operation, as `stalwart-gateway routes` prints it."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        gateway_command(["routes", "--format", "markdown"])
    return printed.getvalue().strip()


DOCUMENTS: Mapping[str, Mapping[str, Callable[[], str]]] = {
    "README.md": {"settings": settings_table, "coverage": coverage_table},
    "docs/settings.md": settings_pages.PARTS,
}


def renewed(name: str, text: str) -> str:
    """The document with everything between `<!-- part:begin -->` and `<!-- part:end -->` made anew."""
    for part, made in DOCUMENTS[name].items():
        begin, end = f"<!-- {part}:begin -->\n", f"<!-- {part}:end -->"
        head, begun, rest = text.partition(begin)
        _, ended, tail = rest.partition(end)
        if not begun or not ended:
            raise SystemExit(f"{name} has no place for {part}")
        text = f"{head}{begin}{made()}\n{end}{tail}"
    return text


def main() -> int:
    """Write or check."""
    stale = []
    for name in DOCUMENTS:
        before = (ROOT / name).read_text()
        after = renewed(name, before)
        if after != before:
            stale.append(name)
            if "--check" not in sys.argv[1:]:
                (ROOT / name).write_text(after)
    if stale and "--check" in sys.argv[1:]:
        print(f"{', '.join(stale)}: stale; run `make tables`")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
