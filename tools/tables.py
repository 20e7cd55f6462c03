"""The tables of README.md that are made from the project itself: settings and coverage.

Without arguments they are written anew between their markers; with `--check` nothing is written and a stale table is an error.
"""

import contextlib
import io
import sys
from pathlib import Path
from typing import Literal, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from gateway.cli import main as gateway_command
from gateway.settings import names, variable

README = Path(__file__).resolve().parent.parent / "README.md"


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


TABLES = {"settings": settings_table, "coverage": coverage_table}


def renewed(text: str) -> str:
    """The document with every table between `<!-- name:begin -->` and `<!-- name:end -->` made anew."""
    for name, table in TABLES.items():
        begin, end = f"<!-- {name}:begin -->\n", f"<!-- {name}:end -->"
        head, begun, rest = text.partition(begin)
        _, ended, tail = rest.partition(end)
        if not begun or not ended:
            raise SystemExit(f"README.md has no place for the table of {name}")
        text = f"{head}{begin}{table()}\n{end}{tail}"
    return text


def main() -> int:
    """Write or check."""
    before = README.read_text()
    after = renewed(before)
    if "--check" in sys.argv[1:]:
        if after != before:
            print("README.md has a stale table: run `make tables`")
        return int(after != before)
    README.write_text(after)
    return 0


if __name__ == "__main__":
    sys.exit(main())
