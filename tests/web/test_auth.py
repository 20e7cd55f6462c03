"""Forms of credentials: which are passed on, in which form, and how the others are refused."""

import base64

import pytest

from gateway.legacy.refusals import Unauthorized
from gateway.web import auth

CHALLENGES = ['Bearer realm="Stalwart Server"', 'Basic realm="Stalwart Server"']
REFUSAL = b'{"type":"about:blank","status":401,"title":"Unauthorized","detail":"You have to authenticate first."}'


def encoded(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


@pytest.mark.parametrize(
    ("header", "passed_on"),
    [
        ("Basic " + encoded("kim:pw"), "Basic " + encoded("kim:pw")),
        ("basic " + encoded("kim:pw"), "Basic " + encoded("kim:pw")),
        ("BASIC   " + encoded("kim:pw"), "Basic " + encoded("kim:pw")),
        ("Basic " + encoded(" Kim@Acme.test : pw "), "Basic " + encoded("kim@acme.test: pw ")),
        ("Basic " + encoded("KIM:Pw:with:Colons"), "Basic " + encoded("kim:Pw:with:Colons")),
        ("Basic " + encoded("kim:"), "Basic " + encoded("kim:")),
        ("Basic " + encoded("Ärger:ü$123456"), "Basic " + encoded("ärger:ü$123456")),
        ("bearer sw1.token", "Bearer sw1.token"),
        ("Bearer API_token", "Bearer API_token"),
        ("Bearer api_" + encoded("key:secret"), "Basic " + encoded("key:secret")),
        ("Bearer api_" + encoded(" KEY:secret "), "Basic " + encoded("key:secret ")),
        ("Bearer api_junk", "Bearer api_junk"),
    ],
)
def test_passed_on(header, passed_on):
    assert auth.read(header).header == passed_on


@pytest.mark.parametrize("header", [None, "", "Basic", "Bearer", encoded("kim:pw")])
def test_missing(header):
    with pytest.raises(Unauthorized) as refusal:
        auth.read(header)
    assert refusal.value.challenge is False


@pytest.mark.parametrize(
    "header",
    [
        "Basic !!!",
        "Basic " + encoded("kim"),
        "Basic " + encoded(b"\xff\xfe:x"),
        "Basic " + encoded("kimm").rstrip("="),
        "Digest username=x",
        "Token abc",
        "Bearer a b",
        "Bearer t\xf6ken",
        "Basic \xff",
    ],
)
def test_unreadable(header):
    with pytest.raises(Unauthorized) as refusal:
        auth.read(header)
    assert refusal.value.challenge is True


@pytest.mark.parametrize("prefix", ["Basic ", "Bearer api_"])
def test_without_padding_it_is_a_refused_login(prefix):
    with pytest.raises(Unauthorized) as refusal:
        auth.read(prefix + encoded("kimberly:pw").rstrip("="))
    assert refusal.value.challenge is False


@pytest.mark.parametrize(
    ("header", "challenge"),
    [
        ("Basic " + encoded("kim:pw"), False),
        ("Bearer api_" + encoded("key:secret"), False),
        ("Bearer api_junk", True),
        ("Bearer api_", True),
        ("Bearer api_" + encoded("key"), True),
        ("Bearer API_" + encoded("key:secret"), True),
        ("Bearer sw1.token", True),
    ],
)
async def test_refused_by_the_new_server(start, header, challenge):
    client = await start()
    answer = await client("GET", "/api/queue/messages", authorization=header)
    assert (answer.status, answer.body) == (401, REFUSAL)
    assert answer.headers.getall("WWW-Authenticate", []) == (CHALLENGES if challenge else [])


@pytest.mark.parametrize(("header", "challenge"), [(None, False), ("Basic", False), ("Basic !!!", True), ("Digest x", True)])
async def test_refused_here(start, server, header, challenge):
    client = await start()
    answer = await client("GET", "/api/queue/messages", authorization=header)
    assert (answer.status, answer.body) == (401, REFUSAL)
    assert answer.headers.getall("WWW-Authenticate", []) == (CHALLENGES if challenge else [])
    assert all("Authorization" not in headers for _, _, headers in server.seen)


@pytest.mark.parametrize(
    ("target", "challenge"),
    [
        ("/api/troubleshoot/token?token=junk", True),
        ("/api/telemetry/metrics/live?token=junk", True),
        ("/api/troubleshoot/token?token=", False),
        ("/api/account/auth?token=junk", False),
    ],
)
async def test_tokens_in_the_query_are_looked_at_where_they_were(start, target, challenge):
    client = await start()
    answer = await client("GET", target, authorization=None)
    assert (answer.status, answer.body) == (401, REFUSAL)
    assert answer.headers.getall("WWW-Authenticate", []) == (CHALLENGES if challenge else [])


async def test_the_normalised_credential_goes_upstream(start, server, giving):
    client = await start(rows={"getQueueStatus": giving(value=True)})
    server.rights["Basic " + encoded("kim:Canary:1")] = frozenset({"authenticate", "sysQueuedMessageGet"})
    answer = await client("GET", "/api/queue/status", authorization="bAsIc  " + encoded(" KIM :Canary:1"))
    assert answer.json == {"data": True}


def test_credentials_show_no_secret():
    shown = [auth.read("Basic YTpzZWtyZXQ="), auth.read("Bearer sekret"), auth.token_of("/api/telemetry/traces/live", "token=sekret")]
    assert [repr(it) for it in shown] == ["Credential", "Credential", "Token"]
