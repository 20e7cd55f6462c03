"""What holds for clients of every class, and where they want different things of one reply (clients 1.2 to 1.5, 7, 9, 10)."""

import json
from urllib.parse import quote

import pytest

from .programs import ANOTHER, PASSWORD, Program, individual, logs_in

PEOPLE = "/api/principal?types=individual"


@pytest.fixture
async def program(union) -> Program:
    """A program that has made a domain with five mailboxes."""
    program = Program(union)
    await program.data("DELETE", "/api/principal?type=individual&confirm=true")
    await program.data("POST", "/api/principal", {"type": "domain", "name": "acme.test"})
    for name in ("eve", "dan", "cid", "bea", "amy"):
        await program.data("POST", "/api/principal", individual(name, description=f"{name} of acme"))
    return program


@pytest.mark.parametrize(
    ("query", "names", "total"),
    [
        ("&", "amy bea cid dan eve", 5),
        ("&limit=2&page=1&", "amy bea", 5),
        ("&page=2&limit=2", "cid dan", 5),
        ("&page=0&limit=2", "amy bea", 5),
        ("&limit=0&page=3", "amy bea cid dan eve", 5),
        ("&limit=2&page=9", "", 5),
        ("&filter=&tenant=&fields=&limit=&page=", "amy bea cid dan eve", 5),
        ("&count=1", "", 5),
        ("&count=", "amy bea cid dan eve", 5),
        ("&filter=dan+of+acme", "dan", 1),
        ("&filter=dan%20of%20acme", "dan", 1),
        ("&limit=1&limit=3", "amy bea cid", 5),
        ("&limit=two&page=one&whatever=7", "amy bea cid dan eve", 5),
    ],
)
async def test_queries(program: Program, query: str, names: str, total: int) -> None:
    found = await program.get(f"{PEOPLE}{query}")
    assert ([it["name"] for it in found["items"]], found["total"]) == (names.split(), total)
    assert all(it.keys() >= {"id", "type"} for it in found["items"])


async def test_both_words_for_types_and_what_stands_in_every_item(program: Program) -> None:
    assert await program.get("/api/principal?type=individual&limit=2") == await program.get(f"{PEOPLE}&limit=2")
    for it in (await program.get(f"{PEOPLE}&fields=description"))["items"]:
        assert it.keys() == {"id", "type", "description"}


async def test_elements_of_paths(program: Program) -> None:
    """Some send names raw, some encoded; a plus is a plus, never a blank."""
    for name in ("kim@acme.test", "kim+tag@acme.test"):
        id_ = await program.data("POST", "/api/principal", individual(name, emails=[name]))
        for spelled in (name, quote(name, safe="+"), quote(name, safe="")):
            assert (await program.get(f"/api/principal/{spelled}"))["id"] == id_
    assert (await program.json("GET", "/api/principal/kim%20tag@acme.test"))["error"] == "notFound"


@pytest.mark.parametrize("content_type", [None, "application/json", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "multipart/form-data", "x"])
async def test_nobody_needs_a_content_type(program: Program, content_type: str | None) -> None:
    other = Program(program.old, content_type=content_type)
    assert isinstance(await other.data("POST", "/api/principal", individual("kim", locale=None)), int)
    assert await other.change("kim", ("set", "description", "Kim")) == {"data": None}
    assert await other.data("POST", "/api/settings", [{"type": "insert", "prefix": None, "values": [["mycompany.note", ""]], "assert_empty": False}]) is None


async def test_credentials_are_told_apart(program: Program) -> None:
    """Scheme words and logins in any case; no Basic challenge, at which a browser would open a window of its own."""
    for scheme in ("Basic", "basic", "BASIC"):
        assert (await Program(program.old.as_((" AMY@acme.test ", PASSWORD)), scheme=scheme).send("GET", "/api/account/auth"))[0] == 200
    for login in (None, ("amy", ANOTHER), ("nobody", PASSWORD)):
        status, headers, problem = await program.old.as_(login).response("GET", "/api/account/auth")
        assert (status, problem["title"]) == (401, "Unauthorized")
        assert "Basic" not in headers.get("WWW-Authenticate", "")


async def test_what_is_no_principal_and_what_is_no_route(program: Program) -> None:
    for method, body in (("GET", None), ("PATCH", []), ("DELETE", None)):
        assert await program.json(method, "/api/principal/nobody", body) == {"error": "notFound", "item": "nobody"}
    for target in ("/api/queue/messages/1", "/api/queue/reports/d!a.test!1!2!3", "/api/reports/dmarc/1_1", "/api/dkim/nothing", "/api/principals"):
        status, raw = await program.send("GET", target)
        assert (status, json.loads(raw)["title"]) == (404, "Not Found"), target


async def test_a_change_is_whole_or_nothing(program: Program) -> None:
    """Steps are judged in their order; an address that was removed before is taken when it comes again, and the first stays the first."""
    assert await program.change("amy", ("addItem", "emails", "z@acme.test"), ("addItem", "emails", "b@acme.test")) == {"data": None}
    before = await program.get("/api/principal/amy")
    assert before["emails"][0] == "amy@acme.test"
    refused = await program.change("amy", ("set", "description", "New"), ("removeItem", "emails", "b@acme.test"), ("addItem", "emails", "b@acme.test"))
    assert refused == {"error": "fieldAlreadyExists", "field": "emails", "value": "b@acme.test"}
    refused = await program.change("amy", ("set", "description", "New"), ("addItem", "memberOf", "nothing"))
    assert refused == {"error": "notFound", "item": "nothing"}
    assert await program.get("/api/principal/amy") == before
    again = await program.change("amy", ("addItem", "emails", "z@acme.test"), ("removeItem", "emails", "absent@acme.test"), ("removeItem", "memberOf", "nothing"))
    assert again == {"data": None}
    assert await program.get("/api/principal/amy") == before


async def test_where_readers_want_different_things(program: Program) -> None:
    """Domains count their members, empty members are left out of principals, yet queue and reports have all members, null where nothing is known."""
    domain = await program.get("/api/principal/acme.test")
    assert (type(domain["members"]), domain["members"]) == (int, 5)
    listed = await program.get("/api/principal?limit=0")
    assert all(value is not None and value not in ([], "") for it in listed["items"] for value in it.values())
    assert all(isinstance(it, dict) for it in listed["items"])
    await program.old.send("kim@far.test", "lee@temp.test")
    (message,) = (await program.get("/api/queue/messages?values=1"))["items"]
    assert message.keys() >= {"domains", "recipients"}, "for readers of all versions"
    (recipient,) = message["recipients"]
    assert recipient.keys() >= {"next_retry", "next_notify", "expires"}
    assert [type(it) for it in (await program.get("/api/queue/messages"))["items"]] == [int]
    own = await program.json("POST", "/api/principal", individual("zed", emails=["no address"]))
    assert own["error"] != "other" or isinstance(own["reason"], str)


async def test_what_is_made_can_log_in_at_once(program: Program) -> None:
    for number, secrets in enumerate((PASSWORD, [PASSWORD])):
        await program.data("POST", "/api/principal", individual(f"new{number}", secrets=secrets))
        assert await logs_in(program.old, f"new{number}@acme.test", PASSWORD)
        assert f"new{number}" in [it["name"] for it in (await program.get(PEOPLE))["items"]], "the very next list shows it"
