"""Say what became of old settings: `stalwart-gateway settings explain`."""

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from gateway.commands.old_settings import Pair, Unreadable, read
from gateway.commands.settings_table import lines, summary, unset
from gateway.legacy.settings.explaining import Explained, explain_all, other_defaults

UNUSABLE = 2

_FILE_ENDINGS = (".toml", ".json", ".txt", ".cfg", ".conf")
_FILE_BEGINNINGS = ("/", "./", "../", "~")
_EVERY_SECONDS = 0.2
_STANDARD_INPUT = "-"

DESCRIPTION = """
Old servers kept their settings as keys and texts; the new one has typed objects. This says for each old key which object and property
it is now, the value it takes there, and remarks; or why there is none. No server is asked and nothing is changed.
x:MtaRoute[relay]/port means: property `port` of the object that is the old record `relay`.
"""

EPILOG = """
An ARGUMENT is a key (imap.timeout.idle, or a pattern: queue.route.<id>.port), a key with a value (imap.timeout.idle=30m), a file, or -
for standard input. A file may be an old config.toml, the JSON of GET /api/settings/list, or lines of `key = value`. Lists and expressions
that stand under several keys are explained as one setting. After a file follow keys that it does not set and whose default is another
now. Secrets are never printed, but words on a command line can be seen by
other users: give values that are secret in a file.
Status 0: all have a counterpart and take the value; 1: some do not; 2: the input cannot be used.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Sub-commands and flags of the command."""
    parser.description = "Old servers kept their settings as keys and texts, the new one has typed objects. Nothing here needs a server or changes one."
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    explain = commands.add_parser("explain", help="say what an old key, or every key of an old config.toml or settings dump, is on the new server")
    explain.description = DESCRIPTION
    explain.epilog = EPILOG
    explain.add_argument("arguments", nargs="+", metavar="ARGUMENT", help="KEY, KEY=VALUE, FILE or -")
    explain.add_argument("--json", action="store_true", help="print one JSON object a line for each setting, and the counts on standard error")
    explain.add_argument("--prefix", default="", metavar="PREFIX", help="what the keys of the files lack at their beginning, because the dump was taken below it")


def execute(arguments: argparse.Namespace) -> int:
    """Explain everything that was given."""
    pairs: list[Pair] = []
    for word in arguments.arguments:
        try:
            pairs += _given(word, arguments.prefix)
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
            return _unusable(word, reason)
        except Unreadable as error:
            return _unusable(word, str(error))
    settings: list[Explained] = []
    for explained in _watched(explain_all(pairs), len(pairs)):
        settings.append(explained)
        if arguments.json:
            print(json.dumps(explained.as_json(), ensure_ascii=False).encode(errors="replace").decode())
    if arguments.json:
        print(summary(settings), file=sys.stderr)
    else:
        width = _width()
        for line in lines(settings, width):
            print(line)
        if any(Path(word).is_file() or word == _STANDARD_INPUT for word in arguments.arguments):
            for line in unset(other_defaults(settings), width):
                print(line)
        print(f"\n{summary(settings)}")
    return 0 if all(it.fits for it in settings) else 1


def _unusable(word: str, reason: str | None) -> int:
    """Say what is wrong with an argument, of which only what stands before a value is shown."""
    print(f"stalwart-gateway: {word.partition('=')[0] or 'an argument'}: {reason}", file=sys.stderr)
    return UNUSABLE


def _given(word: str, prefix: str) -> list[Pair]:
    if word == _STANDARD_INPUT:
        return read(sys.stdin.buffer.read().decode(), prefix)
    path = Path(word).expanduser()
    key, equals, value = word.partition("=")
    if path.is_file() or word.startswith(_FILE_BEGINNINGS) or (word.endswith(_FILE_ENDINGS) and not equals):
        return read(path.read_text(encoding="utf-8"), prefix)
    if not key.strip():
        raise Unreadable("it is no key")
    return [(key.strip(), value.strip() if equals else None)]


def _width() -> int | None:
    """Columns of the terminal, or of the variable COLUMNS; None when the output goes elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() or os.environ.get("COLUMNS") else None


def _watched(settings: Iterable[Explained], total: int) -> Iterator[Explained]:
    """The same, with a line on a terminal that tells how far it is when it takes a while."""
    shown = False
    last = time.monotonic()
    done = 0
    for explained in settings:
        done += len(explained.keys)
        if sys.stderr.isatty() and time.monotonic() - last > _EVERY_SECONDS:
            last = time.monotonic()
            shown = True
            print(f"\r{done} of {total} keys", end="", file=sys.stderr, flush=True)
        yield explained
    if shown:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
