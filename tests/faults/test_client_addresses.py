"""TLS and addresses of the new server."""

import asyncio
import contextlib
import datetime as dt
import ipaddress
import ssl

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.jmap.calls import BY_ID, Query, Set
from gateway.jmap.errors import Unreachable

CALLS = [Query("Task", [BY_ID], 10), Set("Task", destroy=["b"])]


def certificate(folder, name):
    """File of a self-signed certificate for a host, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "upstream.test")])
    try:
        alternative = x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        alternative = x509.DNSName(name)
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - dt.timedelta(hours=1)).not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False).sign(key, hashes.SHA256())
    )  # fmt: skip
    file = folder / f"{name}.pem"
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return file


@pytest.fixture
async def listen(liar):
    """Makes the liar listen elsewhere too: `await listen(host, certificate)` gives the port."""
    async with contextlib.AsyncExitStack() as stack:

        async def make(host, file=None):
            app = web.Application()
            app.router.add_route("*", "/{rest:.*}", liar.answer)
            runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            tls = None
            if file is not None:
                tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
                tls.load_cert_chain(file)
            await web.TCPSite(runner, host, 0, ssl_context=tls).start()
            return runner.addresses[0][1]

        yield make


@pytest.fixture
def trusted(monkeypatch, tmp_path):
    """A certificate for localhost that this machine trusts."""
    file = certificate(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return file


async def test_tls_with_a_certificate_that_is_trusted(liar, listen, open_upstream, trusted):
    port = await listen("127.0.0.1", trusted)
    upstream = await open_upstream(f"https://localhost:{port}")
    for call in CALLS * 2:
        assert await upstream.caller("Basic one").request(call)
    assert {request.headers["Host"] for request in liar.posts} == {f"localhost:{port}"}
    async with upstream.transport.forward("GET", "/jmap/session", {}) as response:
        assert response.status == 200


@pytest.mark.parametrize("call", CALLS)
async def test_an_answer_in_tls_that_is_lost(liar, listen, open_upstream, trusted, call):
    upstream = await open_upstream(f"https://localhost:{await listen('127.0.0.1', trusted)}")
    liar.acts += [liar.honest, liar.cut, liar.cut_in_body]
    assert await upstream.caller("Basic one").request(call)
    with contextlib.suppress(Exception):
        await upstream.caller("Basic one").request(call)
    assert len(liar.posts) == (2 if call.writes else 4)


@pytest.mark.parametrize("call", CALLS)
async def test_nothing_is_sent_to_a_server_that_is_not_the_one_named(liar, listen, open_upstream, trusted, call):
    assert trusted
    port = await listen("127.0.0.1", trusted)
    upstream = await open_upstream(f"https://127.0.0.1:{port}")  # the certificate names localhost
    with pytest.raises(Unreachable):
        await upstream.caller("Basic one").request(call)
    assert liar.seen == []


@pytest.mark.parametrize("call", CALLS)
async def test_nothing_is_sent_to_a_server_that_nobody_vouches_for(liar, listen, open_upstream, tmp_path, call):
    stranger = certificate(tmp_path, "127.0.0.1")
    upstream = await open_upstream(f"https://127.0.0.1:{await listen('127.0.0.1', stranger)}")
    with pytest.raises(Unreachable):
        await upstream.caller("Basic one").request(call)
    assert liar.seen == []


async def test_a_server_that_speaks_no_tls(liar, open_upstream, trusted):
    assert trusted
    upstream = await open_upstream(liar.url.replace("http:", "https:"))
    with pytest.raises(Unreachable):
        await upstream.caller("Basic one").request(CALLS[1])
    assert liar.posts == []


async def test_a_handshake_without_an_answer(open_upstream, trusted):
    assert trusted
    open_connections = []
    silent = await asyncio.start_server(lambda _, writer: open_connections.append(writer), "127.0.0.1", 0)
    upstream = await open_upstream(f"https://localhost:{silent.sockets[0].getsockname()[1]}", timeouts={"connect": 0.1})
    with pytest.raises(Unreachable):
        await upstream.caller("Basic one").request(CALLS[1])
    silent.close()
    for writer in open_connections:
        writer.transport.abort()


async def test_an_ipv6_address(liar, listen, open_upstream):
    try:
        port = await listen("::1")
    except OSError:
        pytest.skip("this machine has no IPv6")
    upstream = await open_upstream(f"http://[::1]:{port}")
    assert await upstream.caller("Basic one").request(CALLS[0])
    assert liar.posts[0].headers["Host"] == f"[::1]:{port}"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_a_name_with_several_addresses(listen, open_upstream, host):
    """`localhost` is both; the one at which nobody listens is passed over."""
    addresses = {address[0] for *_, address in await asyncio.get_running_loop().getaddrinfo("localhost", 0)}
    if host not in addresses:
        pytest.skip("localhost is not that address here")
    upstream = await open_upstream(f"http://localhost:{await listen(host)}")
    assert await upstream.caller("Basic one").request(CALLS[1])
