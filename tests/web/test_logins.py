"""Logins by an old name: what goes upstream in their place, what that costs, and what is left alone."""

import base64

import pytest
from aiohttp import web

from gateway.state import OldName, State

SECRET = "Canary-pw"
KIM = OldName("Account", "b", "kim", "kim@a.test", implied=False)


def basic(login, secret=SECRET):
    return "Basic " + base64.b64encode(f"{login}:{secret}".encode()).decode()


@pytest.fixture
async def knowing(start, server, tmp_path, giving):
    """Starts a gateway that remembers names."""
    url = f"sqlite+aiosqlite:///{tmp_path}/state.db"

    async def started(*names):
        state = await State.open(url, server.url)
        for old in names:
            await state.memory.remember(old)
        await state.close()
        return await start(rows={"getQueueStatus": giving(1)}, state=url)

    return started


def sent(server, path):
    return [headers.get("Authorization") for _, seen, headers in server.seen if seen == path]


@pytest.fixture
def everybody(server):
    """Lets these credentials in."""

    def known(*logins):
        server.rights = {login: frozenset(next(iter(server.rights.values()))) for login in logins}

        async def other(request):
            if request.path == "/api/account":
                rights = server.rights.get(request.headers["Authorization"])
                body = {"permissions": sorted(rights or ()), "edition": "oss", "locale": "en_US"}
                return web.json_response(body, status=200 if rights else 401)
            return web.json_response({"as": request.headers.get("Authorization")})

        server.other = other

    return known


@pytest.mark.parametrize("login", ["kim", "KIM", " kim"])
async def test_the_address_goes_upstream(knowing, server, everybody, login):
    everybody(basic("kim@a.test"))
    client = await knowing(KIM)
    assert (await client("GET", "/api/queue/status", authorization=basic(login))).status == 200
    assert {*sent(server, "/api/account")} == {basic("kim@a.test")}
    assert (await client("GET", "/jmap/x", authorization=basic(login))).json == {"as": basic("kim@a.test")}


async def test_a_login_is_looked_at_once(knowing, server, everybody):
    everybody(basic("kim@a.test"))
    client = await knowing(KIM)
    for _ in range(3):
        await client("GET", "/dav/x", authorization=basic("kim"))
    assert len(sent(server, "/api/account")) == 1


@pytest.mark.parametrize(
    "authorization",
    [basic("lee"), basic("kim@a.test"), basic("Lee "), "Bearer kim", "Basic !!", "Basic a2lt", "Digest x", basic("kim%admin"), "basic  " + basic("LEE")[6:]],
)
async def test_other_credentials_are_handed_on_as_they_are(knowing, server, everybody, authorization):
    everybody()
    client = await knowing(KIM)
    assert (await client("GET", "/jmap/x", authorization=authorization)).json == {"as": authorization}
    assert sent(server, "/api/account") == []


@pytest.mark.parametrize("address", ["kim@a.test", "k@b.test"])
async def test_a_secret_with_colons_and_letters_from_everywhere_is_kept(knowing, everybody, address):
    everybody(basic(address, "ä:ö:Canary$123456"))
    client = await knowing(OldName("Account", "b", "kim", address, implied=True))
    got = await client("GET", "/jmap/x", authorization=basic("kim", "ä:ö:Canary$123456"))
    assert got.json == {"as": basic(address, "ä:ö:Canary$123456")}


async def test_a_name_that_somebody_else_has_there_stays_his(knowing, server, everybody):
    everybody(basic("kim"))
    client = await knowing(KIM)
    for _ in range(3):
        assert (await client("GET", "/api/queue/status", authorization=basic("kim"))).status == 200
        assert (await client("GET", "/jmap/x", authorization=basic("kim"))).json == {"as": basic("kim")}
    assert sent(server, "/api/account").count(basic("kim@a.test")) == 1


async def test_what_the_server_takes_in_neither_form_is_refused(knowing, server, everybody):
    everybody()
    client = await knowing(KIM)
    got = await client("GET", "/api/queue/status", authorization=basic("kim"))
    assert (got.status, "WWW-Authenticate" in got.headers) == (401, False)
    assert sent(server, "/api/account") == [basic("kim@a.test"), basic("kim")]
    assert (await client("GET", "/jmap/x", authorization=basic("kim"))).json == {"as": basic("kim")}


async def test_the_new_server_decides_about_codes_and_rights(knowing, server, everybody):
    everybody(basic("kim@a.test"))
    client = await knowing(KIM)

    async def wants_code(_request):
        return web.Response(status=402, text="{}")

    server.other = wants_code
    assert (await client("GET", "/api/queue/status", authorization=basic("kim"))).status == 402
    assert {*sent(server, "/api/account")} == {basic("kim@a.test")}


async def test_a_new_server_that_is_away_is_no_refusal(knowing, server, everybody):
    everybody()
    client = await knowing(KIM)

    async def away(_request):
        return web.Response(status=503)

    server.other = away
    assert (await client("GET", "/api/queue/status", authorization=basic("kim"))).status >= 500
