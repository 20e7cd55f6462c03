"""What holds for every test: nothing that is logged during it shows a secret."""

import base64
import io
import logging
import re
from collections import Counter
from collections.abc import Iterator

import pytest

from tests import postgres

MARK = b"canary"


def encoded(mark: bytes) -> Iterator[str]:
    """What stays the same of `mark` in base64, wherever it stands in the encoded bytes."""
    for offset in range(3):
        yield base64.b64encode(bytes(offset) + mark).decode()[-(-offset * 8 // 6) : (offset + len(mark)) * 8 // 6]


SECRET = re.compile("|".join([r"(?i:canary)", r"\b(?i:basic|bearer) [A-Za-z0-9+/=._~-]{6,}", *encoded(MARK), *encoded(MARK.title())]))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say why tests were skipped, each reason once."""
    reasons = Counter(report.longrepr[2] for report in terminalreporter.stats.get("skipped", []) if isinstance(report.longrepr, tuple))
    for reason, count in reasons.items():
        terminalreporter.write_line(f"{count} tests: {reason}")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """A PostgreSQL server, while there are tests that need one; they are skipped where none can be had."""
    try:
        server = postgres.start()
    except postgres.NoServer as why:
        pytest.skip(str(why))
    yield server
    server.stop()


@pytest.fixture
def postgres_database(postgres_server: postgres.Server) -> postgres.Server:
    """The server with an empty database."""
    postgres_server.empty()
    return postgres_server


@pytest.fixture(autouse=True)
def logged() -> Iterator[io.StringIO]:
    """Everything that is logged during the test, exceptions and extra fields included; no secret may be among it.

    Secrets in tests carry the word `canary`, so that they are recognised in whatever form they turn up.
    """
    text = io.StringIO()

    class Catch(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            print(self.format(record), vars(record), file=text)

    handler, root, own = Catch(), logging.getLogger(), logging.getLogger("gateway")
    root.addHandler(handler)
    own.setLevel(logging.DEBUG)
    yield text
    own.setLevel(logging.NOTSET)
    root.removeHandler(handler)
    shown = SECRET.search(text.getvalue())
    assert shown is None, f"a secret was logged: …{text.getvalue()[max(0, shown.start() - 200) : shown.end() + 20]}"
