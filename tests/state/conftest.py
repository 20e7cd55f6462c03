"""Databases of every kind for the same tests: those that use `url` run on each, those that look into the `file` on SQLite alone."""

import pytest

from gateway.state import State

SERVER = "http://127.0.0.1:8080"
KEY = "a key for tests that is long enough for it"
KINDS = ("sqlite", "postgresql")


def pytest_generate_tests(metafunc):
    if "url" in metafunc.fixturenames:
        kinds = KINDS[:1] if "file" in metafunc.fixturenames else getattr(metafunc.module, "KINDS", KINDS)
        metafunc.parametrize("url", kinds, indirect=True)


@pytest.fixture
def place(request, tmp_path):
    """Where a database of a kind is to be: the same for one test."""

    def url(kind):
        if kind == "sqlite":
            return f"sqlite+aiosqlite:///{tmp_path}/state.db"
        if kind == "in memory":
            return "sqlite+aiosqlite://"
        return request.getfixturevalue("postgres_database").url

    return url


@pytest.fixture
def file(tmp_path):
    return tmp_path / "state.db"


@pytest.fixture
def url(request, place):
    return place(request.param)


@pytest.fixture
async def opened():
    """Opens states, which are closed after the test; on a server they need a key for secrets."""
    states = []

    async def make(url, server=SERVER, *, secrets=False, state_key=None):
        key = (KEY if secrets and url.startswith("postgresql") else "") if state_key is None else state_key
        states.append(await State.open(url, server, secrets=secrets, state_key=key))
        return states[-1]

    yield make
    for state in states:
        await state.close()


@pytest.fixture
def open_state(opened, url):
    """Opens the state of the test, or another one."""

    async def make(server=SERVER, url=url, **options):
        return await opened(url, server, **options)

    return make
