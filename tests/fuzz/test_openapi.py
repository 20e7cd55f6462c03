"""Requests made up from `openapi.yaml`, against a running gateway: never a 5xx, never a reply that the document does not promise."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gateway.app import collect_rows
from gateway.commands.pair import pair
from gateway.contract import Spec
from gateway.simulator.world import Config

ADMIN = ("admin", "Canary-of-the-fuzzer-1")
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
SPEC = Spec.load()
STATUS = {operation: action.status for operation, action in collect_rows(SPEC).items()}
READY = [operation.id for operation in SPEC.operations if STATUS[operation.id] == "ready" and operation.inside_api]
LOGINS = [operation.id for operation in SPEC.operations if not operation.inside_api]
OTHERS = [operation.id for operation in SPEC.operations if STATUS[operation.id] != "ready" and operation.inside_api]
SCHEMA = schemathesis.openapi.from_dict(SPEC.document)
SETTINGS = {"derandomize": True, "deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}


@schemathesis.serializer("message/rfc822")
def raw(_context, value: object) -> bytes:
    """A message goes over the wire as it is."""
    return str(value).encode()


class Served(threading.Thread):
    """A gateway with a simulated server that holds mail and reports, in a loop of its own because the requests are made synchronously."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.ready = threading.Event()
        self.url = ""

    def run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self.loop, self.stop = asyncio.get_running_loop(), asyncio.Event()
        async with pair(Config(admin=ADMIN, seed="demo")) as both:
            self.url = both.gateway
            self.ready.set()
            await self.stop.wait()


def serving() -> Iterator[str]:
    served = Served()
    served.start()
    assert served.ready.wait(20)
    # The examples of the document live in this domain.
    made = requests.post(f"{served.url}/api/principal", json={"type": "domain", "name": "acme.test"}, auth=ADMIN, timeout=10)
    assert "data" in made.json()
    yield served.url
    served.loop.call_soon_threadsafe(served.stop.set)
    served.join(20)
    assert not served.is_alive()


@pytest.fixture(scope="module")
def gateway() -> Iterator[str]:
    yield from serving()


@dataclass
class Stock:
    """A gateway from which no other test has removed anything, and how often there was something left to ask for."""

    url: str
    met: int = 0


@pytest.fixture
def stock() -> Iterator[Stock]:
    for url in serving():
        stock = Stock(url)
        yield stock
        assert stock.met


def judged(case, gateway: str, below: str = "/api") -> None:
    response = case.call(base_url=f"{gateway}{below}", auth=ADMIN)
    case.validate_response(response, checks=CHECKS)


@SCHEMA.include(operation_id=READY).parametrize()
@settings(max_examples=40, **SETTINGS)
def test_every_reply_is_one_that_the_document_promises(case, gateway) -> None:
    judged(case, gateway)


@SCHEMA.include(operation_id=[name for name in READY if name.endswith(("QueueMessage", "QueueReport", "getReport", "deleteReport"))]).parametrize()
@settings(max_examples=20, **SETTINGS)
def test_the_same_for_ids_that_are_there(case, stock) -> None:
    listed = f"{stock.url}/api{case.path.removesuffix('/{id}')}".format(**case.path_parameters | {"class": "dmarc"})
    ids = requests.get(listed, auth=ADMIN, timeout=10).json()["data"]["items"]
    if ids:
        stock.met += 1
        case.path_parameters |= {"id": ids[len(repr(case.query)) % len(ids)]} | ({"class": "dmarc"} if "class" in case.path_parameters else {})
    judged(case, stock.url)


@SCHEMA.include(operation_id=["getPrincipal", "patchPrincipal", "deletePrincipal"]).parametrize()
@settings(max_examples=40, **SETTINGS)
def test_the_same_for_names_that_are_there(case, gateway) -> None:
    listed = requests.get(f"{gateway}/api/principal?fields=name", auth=ADMIN, timeout=10).json()["data"]["items"]
    if listed:
        case.path_parameters |= {"name": quote(listed[len(repr(case.body)) % len(listed)]["name"], safe="")}
    judged(case, gateway)


@SCHEMA.include(operation_id=OTHERS).parametrize()
@settings(max_examples=5, **SETTINGS)
def test_what_is_not_served_refuses_as_the_document_promises(case, gateway) -> None:
    judged(case, gateway)


@SCHEMA.include(operation_id=LOGINS).parametrize()
@settings(max_examples=10, **SETTINGS)
def test_logins_answer_as_the_document_promises(case, gateway) -> None:
    judged(case, gateway, below="")
