"""An old WebAdmin served at the root of the site: its files and pages, what stays with others, and how it is exchanged."""

import asyncio
import contextlib
import zipfile

import pytest
from aiohttp import web

from gateway.app import App, running
from gateway.settings import Settings, SettingsError
from gateway.web import webadmin

PAGE = b"<!DOCTYPE html><title>one</title>"
WASM = b"\0asm\1\0\0\0" + bytes(range(256)) * 1200
FILES = {"index.html": PAGE, "webadmin-1a.js": b"1", "webadmin-1a_bg.wasm": WASM, "logo.svg": b"<svg/>", "api/x.js": b"hidden", "jmap/x.js": b"hidden", "img/a b.png": b"p"}


@pytest.fixture
def bundle(tmp_path):
    """Writes a zip of files in place of the one before, and gives where."""
    place = tmp_path / "webadmin.zip"

    def write(files):
        with zipfile.ZipFile(place.with_suffix(".new"), "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        place.with_suffix(".new").rename(place)
        return str(place)

    return write


@pytest.fixture
async def client(start, bundle):
    return await start(webadmin_bundle=bundle(FILES))


@pytest.mark.parametrize(
    ("target", "type_", "body"),
    [
        ("/", "text/html", PAGE),
        ("/index.html", "text/html", PAGE),
        ("/webadmin-1a.js", "application/javascript", b"1"),
        ("/webadmin-1a.js?v=1", "application/javascript", b"1"),
        ("/webadmin-1a_bg.wasm", "application/wasm", WASM),
        ("/logo.svg", "image/svg+xml", b"<svg/>"),
        *((page, "text/html", PAGE) for page in ("/login", "/authorize", "/authorize/code?client_id=x", "/manage/queue/messages", "/settings/x/y", "/account/crypto")),
        *((odd, "text/html", PAGE) for odd in ("/absent.js", "/..%2f..%2fetc/passwd", "/a/../../etc/passwd", "//api/x.js", "/wp-login.php", "/img/a%20b.png", "/apix")),
    ],
)
async def test_files_and_pages(client, server, target, type_, body):
    answer = await client("GET", target, authorization=None)
    assert (answer.status, answer.headers["Content-Type"], answer.body) == (200, type_, body)
    assert {name.lower() for name in answer.headers} == {"content-type", "content-length", "date", "x-request-id"}
    assert {path for _, path, _ in server.seen} <= {"/jmap/session"}  # which the gateway reads for itself


@pytest.mark.parametrize("target", ["/", "/webadmin-1a_bg.wasm"])
async def test_the_head_alone(client, target):
    answer = await client("HEAD", target, authorization=None)
    whole = await client("GET", target, authorization=None)
    assert (answer.status, answer.headers["Content-Length"], answer.body) == (200, str(len(whole.body)), b"")
    assert answer.headers["Content-Type"] == whole.headers["Content-Type"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
async def test_every_method_is_answered_alike(client, method):
    answer = await client(method, "/manage", authorization=None, data=b"x=1")
    assert (answer.status, answer.body) == (200, PAGE)


async def test_conditions_and_ranges_are_not_looked_at(client):
    answer = await client("GET", "/logo.svg", authorization=None, If_None_Match="*", Range="bytes=0-1", Accept_Encoding="gzip")
    assert (answer.status, answer.body) == (200, b"<svg/>")


async def test_what_belongs_to_others_is_not_hidden(client, server):
    async def other(request):
        return web.Response(text=f"new {request.method} {request.raw_path}")

    server.other = other
    for call in ("GET /jmap/x.js", "GET /auth/token", "GET /.well-known/jmap", "GET /dav/x", "GET /login?client_id=x", "POST /login", "GET /login/x"):
        assert (await client(*call.split(), authorization=None)).body == f"new {call}".encode()
    assert (await client("GET", "/api/x.js", authorization=None)).status == 401
    assert (await client("GET", "/healthz/live", authorization=None)).json["status"] == 200
    assert (await client("GET", "/robots.txt", authorization=None)).body.startswith(b"User-agent")
    for target in ("/mail/x", "/calendar/y", "/autodiscover/autodiscover.xml", "/form/z", "/healthz/zz", "/metrics/prometheus", "/jmap/../index.html", "/dav/x.php"):
        assert (await client("GET", target, authorization=None)).status == 404


async def test_a_path_that_is_passed_on_is_never_the_applications(start, bundle):
    client = await start(webadmin_bundle=bundle(FILES), passthrough="/portal")
    assert (await client("GET", "/portal/../index.html", authorization=None)).status == 404
    assert (await client("GET", "/login?client_id=x", authorization=None)).body == PAGE
    assert (await client("GET", "/portals", authorization=None)).body == PAGE


async def test_without_a_bundle_there_is_nothing(start):
    client = await start()
    for target in ("/", "/index.html", "/manage"):
        assert (await client("GET", target, authorization=None)).status == 404


async def test_pages_of_other_origins_may_read_it_where_that_is_wanted(start, bundle):
    client = await start(webadmin_bundle=bundle(FILES), permissive_cors=True)
    assert (await client("GET", "/", authorization=None)).headers["Access-Control-Allow-Origin"] == "*"


async def test_it_is_exchanged_when_an_administrator_says_so(client, bundle, server):
    bundle({"index.html": b"two"})
    assert (await client("GET", "/", authorization=None)).body == PAGE
    assert (await client("GET", "/api/update/webadmin")).json == {"data": None}
    assert (await client("GET", "/", authorization=None)).body == b"two"
    assert (await client("GET", "/logo.svg", authorization=None)).body == b"two"
    assert server.calls("/jmap/") == 0


async def test_nobody_else_can_exchange_it(client, bundle, server):
    bundle({"index.html": b"two"})
    server.rights["Basic dXNlcjp4"] = frozenset({"authenticate"})
    assert (await client("GET", "/api/update/webadmin", authorization="Basic dXNlcjp4")).status == 403
    assert (await client("GET", "/api/update/webadmin", authorization="Basic bm9ib2R5Ong=")).status == 401
    assert (await client("GET", "/api/update/webadmin", authorization=None)).status == 401
    assert (await client("POST", "/api/update/webadmin")).status == 404
    assert (await client("GET", "/", authorization=None)).body == PAGE


@pytest.mark.parametrize("damage", ["gone", "no zip", "no index", "outside"])
async def test_a_bundle_that_cannot_be_served_leaves_the_former_one(client, bundle, tmp_path, damage, caplog):
    match damage:
        case "gone":
            (tmp_path / "webadmin.zip").unlink()
        case "no zip":
            (tmp_path / "webadmin.zip").write_bytes(b"<html>404</html>")
        case "no index":
            bundle({"a.js": b""})
        case "outside":
            bundle({"index.html": b"two", "../x": b""})
    answer = await client("GET", "/api/update/webadmin")
    assert (answer.status, answer.json["title"]) == (500, "Internal Server Error")
    assert str(tmp_path) not in answer.body.decode()
    assert "the former WebAdmin is still served" in caplog.text
    assert (await client("GET", "/", authorization=None)).body == PAGE
    assert (await client("GET", "/logo.svg", authorization=None)).body == b"<svg/>"


async def test_gateways_that_share_a_state_follow(start, bundle, monkeypatch):
    monkeypatch.setattr(webadmin, "ASK_SECONDS", 0)
    place = bundle(FILES)
    one, other = await start(webadmin_bundle=place), await start(webadmin_bundle=place)
    for body in (b"two", b"three"):
        bundle({"index.html": body})
        assert (await one("GET", "/api/update/webadmin")).status == 200
        assert (await other("GET", "/", authorization=None)).body == body
    later = await start(webadmin_bundle=bundle({"index.html": b"four"}))
    assert [(await it("GET", "/", authorization=None)).body for it in (one, other, later)] == [b"three", b"three", b"four"]


async def test_a_broken_one_is_not_tried_again_with_every_request(start, bundle, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(webadmin, "ASK_SECONDS", 0)
    one, other = await start(webadmin_bundle=bundle(FILES)), await start(webadmin_bundle=bundle(FILES))
    assert (await one("GET", "/api/update/webadmin")).status == 200
    (tmp_path / "webadmin.zip").unlink()
    for _ in range(3):
        assert (await other("GET", "/", authorization=None)).body == PAGE
    assert caplog.text.count("the former WebAdmin is still served") == 1


async def test_exchanging_and_reading_at_the_same_time(client, bundle):
    """Every reply is of one of the builds, none is missing or mixed."""

    async def read():
        for _ in range(20):
            answer = await client("GET", "/webadmin-1a_bg.wasm", authorization=None)
            assert answer.body in {WASM, WASM[::-1]}

    async def exchange():
        for number in range(6):
            bundle(FILES | {"webadmin-1a_bg.wasm": WASM[:: (1, -1)[number % 2]]})
            assert (await client("GET", "/api/update/webadmin")).status == 200

    await asyncio.wait_for(asyncio.gather(exchange(), *(read() for _ in range(5))), 60)


async def test_a_client_that_stops_reading_is_cut(start, bundle):
    client = await start(webadmin_bundle=bundle(FILES | {"big.wasm": bytes(20_000_000)}), timeouts={"idle": 0.3})
    host, port = client.app.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
    writer.write(b"GET /big.wasm HTTP/1.1\r\nHost: x\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    await asyncio.sleep(1)
    got = 0
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(10):
            while piece := await reader.read(65536):
                got += len(piece)
    assert got < 20_000_000
    writer.close()
    assert (await client("GET", "/", authorization=None)).body == PAGE


async def test_a_bundle_that_is_broken_at_the_start_is_named(server, tmp_path):
    place = tmp_path / "webadmin.zip"
    settings = Settings(upstream=server.url, listen="127.0.0.1:0", state=f"sqlite+aiosqlite:///{tmp_path}/s.db", webadmin_bundle=str(place))
    with pytest.raises(SettingsError, match=r"webadmin_bundle: .*webadmin\.zip does not exist"):
        await App(settings).start()
    place.write_bytes(b"no zip")
    with pytest.raises(SettingsError, match=r"webadmin_bundle: .*webadmin\.zip is no zip file, or a damaged one"):
        await App(settings).start()
    place.unlink()
    place.mkdir()
    (place / "index.html").write_bytes(PAGE)
    async with running(settings) as app:
        assert app.url
