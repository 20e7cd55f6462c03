"""Start and stop of a gateway: TLS, draining, work behind answers, rows that do not fit."""

import asyncio
import datetime as dt
import gc
import ssl
import time

import aiohttp
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.app import ROOMS, App, settle_memory
from gateway.legacy.table import Action, TableError
from gateway.settings import Settings, SettingsError
from gateway.state import StateError


@pytest.fixture
def certificate(tmp_path):
    """Paths of a certificate for 127.0.0.1 and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "gateway.test")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - dt.timedelta(1)).not_valid_after(now + dt.timedelta(1)).sign(key, hashes.SHA256())
    )
    paths = {"tls_certificate": tmp_path / "cert.pem", "tls_key": tmp_path / "key.pem"}
    paths["tls_certificate"].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    paths["tls_key"].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return {name: str(path) for name, path in paths.items()}


async def test_tls(start, certificate):
    client = await start(**certificate)
    assert client.app.url.startswith("https://127.0.0.1:")
    answer = await client("GET", "/api/zz", authorization=None)
    assert answer.status == 401
    with pytest.raises(aiohttp.ClientError):
        await client.http.get(client.app.url.replace("https", "http"))


async def test_tls_1_2_is_spoken(start, certificate):
    client = await start(**certificate)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    async with client.http.get(client.app.url + "/healthz/live", ssl=context) as answer:
        assert answer.status == 200


async def test_a_key_that_does_not_fit_is_named(server, certificate, tmp_path):
    settings = Settings(upstream=server.url, listen="127.0.0.1:0", state=f"sqlite+aiosqlite:///{tmp_path}/s.db", tls_certificate=certificate["tls_key"], tls_key=certificate["tls_key"])
    with pytest.raises(SettingsError, match="not usable as PEM certificate and key"):
        await App(settings).start()


async def test_what_was_opened_is_closed_when_the_start_fails(server, tmp_path):
    settings = Settings(upstream=server.url, listen="127.0.0.1:0", state=f"sqlite+aiosqlite:///{tmp_path}/none/s.db")
    app = App(settings)
    with pytest.raises(StateError):
        await app.start()
    await app.stop()


async def test_rows_that_do_not_fit_the_contract_stop_the_start(server, tmp_path):
    settings = Settings(upstream=server.url, listen="127.0.0.1:0", state=f"sqlite+aiosqlite:///{tmp_path}/s.db")
    with pytest.raises(TableError, match="no row for"):
        await App(settings, rooms=ROOMS[1:]).start()


async def test_a_stop_lets_requests_finish_and_ends_their_connections(start):
    entered, leave = asyncio.Event(), asyncio.Event()

    async def wait(exchange):
        entered.set()
        await leave.wait()
        return exchange.body

    client = await start(rows={"updateSettings": Action(wait)})
    call = asyncio.create_task(client("POST", "/api/settings", data="[]"))
    await entered.wait()
    stop = asyncio.create_task(client.app.stop())
    await asyncio.sleep(0.1)
    assert not stop.done()
    leave.set()
    answer = await call
    assert (answer.status, answer.json, answer.headers["Connection"]) == (200, {"data": []}, "close")
    await asyncio.wait_for(stop, 5)


async def test_a_stop_waits_no_longer_than_it_was_told(start):
    async def wait(_exchange):
        await asyncio.sleep(60)

    client = await start(rows={"getQueueStatus": Action(wait)}, timeouts={"drain": 0.2})
    call = asyncio.create_task(client("GET", "/api/queue/status"))
    await asyncio.sleep(0.1)
    began = time.monotonic()
    await client.app.stop()
    assert time.monotonic() - began < 5
    with pytest.raises(aiohttp.ClientError):
        await call


async def test_a_stop_ends_event_streams_at_once(start, server):
    async def answer(request):
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b": hello\n\n")
        await asyncio.sleep(60)
        return response

    server.other = answer
    client = await start()
    async with client.http.get(client.app.url + "/jmap/eventsource/", headers={"Accept": "text/event-stream"}) as stream:
        await stream.content.readany()
        began = time.monotonic()
        await client.app.stop()
        assert time.monotonic() - began < 5
        with pytest.raises(aiohttp.ClientError):
            await stream.content.read()


async def test_work_behind_an_answer_is_finished_before_the_stop(start, logged):
    done = []

    async def later(name, error=None):
        await asyncio.sleep(0.2)
        done.append(name)
        if error is not None:
            raise error

    async def handle(exchange):
        exchange.background(later("good"))
        exchange.background(later("bad", ValueError("Canary")))
        return True

    client = await start(rows={"getQueueStatus": Action(handle)})
    assert (await client("GET", "/api/queue/status")).status == 200
    assert done == []
    await client.app.stop()
    assert done == ["good", "bad"]
    assert "work behind an answered request failed" in logged.getvalue()


async def test_work_that_does_not_end_is_given_up(start, logged):
    async def handle(exchange):
        exchange.background(asyncio.sleep(60))
        return True

    client = await start(rows={"getQueueStatus": Action(handle)}, timeouts={"drain": 0.1})
    await client("GET", "/api/queue/status")
    await client.app.stop()
    assert "was cut off" in logged.getvalue()


def test_settling_takes_what_exists_out_of_collections():
    threshold = gc.get_threshold()
    try:
        settle_memory()
        assert gc.get_freeze_count() > 0
        assert gc.get_threshold()[0] > threshold[0]
    finally:
        gc.unfreeze()
        gc.set_threshold(*threshold)
