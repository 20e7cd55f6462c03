"""The specification and what is built from it, once per run."""

import pytest

from gateway.contract import Contract, PathTable, Spec


@pytest.fixture(scope="session")
def spec():
    return Spec.load()


@pytest.fixture(scope="session")
def contract(spec):
    return Contract(spec)


@pytest.fixture(scope="session")
def table(spec):
    return PathTable(spec.operations, "union", spec.guards)


@pytest.fixture(scope="session")
def table_015(spec):
    return PathTable(spec.operations, "0.15", spec.guards)


@pytest.fixture(scope="session")
def table_011(spec):
    return PathTable(spec.operations, "0.11", spec.guards)
