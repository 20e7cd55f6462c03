"""What settings objects check beyond their declaration (jmap-management-api 2.2.5, 2.7; recordings `actions.badSetting`, `settings.kinds`)."""

import re
from collections.abc import Iterator
from typing import Any

from gateway.simulator.callers import Caller
from gateway.simulator.data import words
from gateway.simulator.errors import Object, SetError
from gateway.simulator.objects.stored import StoredObjects

NO_FILE = "Failed to read secret from file '{}': No such file or directory (os error 2)"

_TOKEN = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?:\.[0-9]+)?|[0-9]+[a-z]*|[()]|.", re.DOTALL)
_NAMES = frozenset(words("expression_names"))


class Singleton(StoredObjects):
    """Settings of which there is one; their expressions are compiled when they are written."""

    def refine(self, caller: Caller, id_: str, old: Object | None, stored: Object) -> None:  # noqa: ARG002 - a hook
        """SetError for the first expression that cannot be compiled."""
        for name, content in stored.items():
            if isinstance(content, dict) and set(content) == {"else", "match"} and (old is None or old[name] != content):
                for problem in expression_problems(content):
                    error = {"type": "Invalid", "property": name, "value": problem}
                    raise SetError("validationFailed", properties=[name], validation=[error])


class SieveScripts(StoredObjects):
    """Scripts are compiled when they are written."""

    def refine(self, caller: Caller, id_: str, old: Object | None, stored: Object) -> None:  # noqa: ARG002 - a hook
        """SetError for text that does not begin with a command."""
        first = re.match(r"\s*([A-Za-z_]+|.)", stored["contents"] or "", re.DOTALL)
        if first and first.group(1).lower() not in _COMMANDS:
            line = stored["contents"][: first.start(1)].count("\n")
            found = f'Expected token "command" but found "{first.group(1)}" at line {line}, column {first.start(1)}.'
            raise SetError("invalidProperties", f"Failed to compile system Sieve script: {found}", properties=["contents"])


class Certificates(StoredObjects):
    """Certificates are read when they are written; a simulator has no files to read them from."""

    def refine(self, caller: Caller, id_: str, old: Object | None, stored: Object) -> None:  # noqa: ARG002 - a hook
        """SetError for a certificate in a file."""
        source = stored["certificate"]
        if source["@type"] == "File":
            text = "Failed to read certificate: " + NO_FILE.format(source["filePath"])
            raise SetError("invalidProperties", text, properties=["certificate"])


_COMMANDS = frozenset(words("sieve_commands"))


def expression_problems(stored: Object) -> Iterator[str]:
    """What is wrong with an expression: in its conditions, in order, then in `else`."""
    for place in sorted(stored["match"], key=int):
        condition = stored["match"][place]
        for part in ("if", "then"):
            yield from _problems(condition[part], f"'{part}' expression in condition #{int(place) + 1}")
    yield from _problems(stored["else"], "'else' expression")


def _problems(text: Any, where: str) -> Iterator[str]:
    depth = 0
    for token in _TOKEN.finditer(text or ""):
        name = token.group("name")
        if name and name not in _NAMES:
            yield f'Error parsing {where}: Invalid variable or constant "{name}"'
            return
        depth += {"(": 1, ")": -1}.get(token.group(), 0)
        if depth < 0:
            yield f"Error parsing {where}: Unmatched close parenthesis"
            return
    if depth:
        yield f"Error parsing {where}: Unmatched open parenthesis"
