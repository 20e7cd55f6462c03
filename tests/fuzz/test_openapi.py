"""Requests made up from `openapi.yaml`, against a running gateway: never a 5xx, never a reply that the document does not promise."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gateway.commands.pair import pair
from gateway.contract import Spec
from gateway.simulator.world import Config

ADMIN = ("admin", "Canary-of-the-fuzzer-1")
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
SCHEMA = schemathesis.openapi.from_dict(Spec.load().document).exclude(path_regex=r"^/(auth|\.well-known)/")


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


@pytest.fixture(scope="module")
def gateway() -> Iterator[str]:
    served = Served()
    served.start()
    assert served.ready.wait(20)
    yield served.url
    served.loop.call_soon_threadsafe(served.stop.set)
    served.join(20)
    assert not served.is_alive()


@SCHEMA.parametrize()
@settings(max_examples=25, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_every_reply_is_one_that_the_document_promises(case, gateway) -> None:
    response = case.call(base_url=f"{gateway}/api", auth=ADMIN)
    case.validate_response(response, checks=CHECKS)
