"""Deleted items: what is listed, what is restored, and what must never be."""

import pytest

from gateway.jmap.errors import MethodError
from gateway.knowledge.blobs import digest_of, hash_of, unrestricted_id
from gateway.knowledge.ids import encode
from gateway.knowledge.permissions import NEW_RIGHTS
from gateway.legacy.accounts import MOST
from gateway.legacy.refusals import BadRequest, EnterpriseOnly, Forbidden, NotFound

RIGHTS = NEW_RIGHTS["undelete"]
BY_ID = [{"property": "id", "isAscending": True}]
CHOICE = ["id", "@type", "blobId", "status", "archivedAt", "archivedUntil"]
FOUND = (
    [
        ["x:Account/query", {"filter": {"name": "kim"}, "limit": MOST}],
        ["x:Account/get", {"#ids": {"resultOf": "c0", "name": "x:Account/query", "path": "/ids"}, "properties": ["id", "name", "emailAddress", "aliases"]}],
    ],
    [
        ["x:Account/query", {"ids": ["h"]}],
        ["x:Account/get", {"list": [{"id": "h", "name": "kim", "emailAddress": "kim@acme.test", "aliases": {}}], "notFound": []}],
    ],
)
NOBODY = FOUND[0], [["x:Account/query", {"ids": []}], ["x:Account/get", {"list": [], "notFound": []}]]
A, B, C = (bytes([letter]) * 32 for letter in b"abc")


def named(content):
    return hash_of(unrestricted_id(content))


def item(id_, content=A, kind="Email", deleted="2026-02-26T10:00:00Z", kept="2026-03-28T10:00:00Z", **more):
    return {"id": id_, "@type": kind, "blobId": unrestricted_id(content), "archivedAt": deleted, "archivedUntil": kept, "accountId": "h"} | more


def reads(*items, properties=None, page=500, position=0, total=None):
    """The round that reads a page of the archive."""
    asked = {"filter": {"accountId": "h"}, "sort": BY_ID, "position": position, "limit": page, "calculateTotal": True}
    wanted = {"properties": properties} if properties else {}
    return (
        [
            ["x:ArchivedItem/query", asked],
            ["x:ArchivedItem/get", {"#ids": {"resultOf": "c0", "name": "x:ArchivedItem/query", "path": "/ids"}} | wanted],
        ],
        [
            ["x:ArchivedItem/query", {"ids": [it["id"] for it in items], "total": len(items) if total is None else total}],
            ["x:ArchivedItem/get", {"list": list(items), "notFound": []}],
        ],
    )


def restores(*ids, failed=None):
    """The round that asks for a restoration."""
    outcome = {"updated": {id_: None for id_ in ids if id_ not in (failed or {})}, "notUpdated": failed or {}}
    return [["x:ArchivedItem/set", {"update": {id_: {"status": "requestRestore"} for id_ in ids}}]], [["x:ArchivedItem/set", outcome]]


def element(content=A, **more):
    return {"hash": named(content), "collection": "email", "restoreTime": "2026-02-26T10:00:00Z"} | more


@pytest.fixture
def play(run):
    async def play(operation, *rounds, rights=RIGHTS, edition="enterprise", **more):
        return await run(operation, [FOUND, *rounds], path={"account": "kim"}, rights=rights, edition=edition, **more)

    return play


MAIL = {"from": "bo@example.net", "subject": "Minutes", "receivedAt": "2026-02-10T08:00:00Z", "size": 5120}


async def test_items_in_the_order_of_their_deletion(play):
    older = item("c", deleted="2026-02-25T10:00:00Z", **MAIL)
    newer = item("b", deleted="2026-02-26T10:00:00Z", **MAIL)
    same = item("d", deleted="2026-02-26T10:00:00Z", **MAIL)
    listed = await play("listUndelete", reads(newer, older, same))
    assert ([it["deletedAt"] for it in listed["items"]], listed["total"]) == ([older["archivedAt"], newer["archivedAt"], same["archivedAt"]], 3)


async def test_a_page_of_them(play):
    items = [item(letter, deleted=f"2026-02-0{number}T10:00:00Z", **MAIL) for number, letter in enumerate("bcdef", start=1)]
    listed = await play("listUndelete", reads(*items), query={"page": "2", "limit": "2", "max-total": "1"})
    assert ([it["deletedAt"][8:10] for it in listed["items"]], listed["total"]) == (["03", "04"], 5)


async def test_more_than_one_page_of_the_new_server_is_read(play):
    first, second = item("b", **MAIL), item("c", B, **MAIL)
    rounds = reads(first, page=1, total=2), reads(second, page=1, position=1, total=2)
    listed = await play("listUndelete", *rounds, settings={"get_page": 1})
    assert [it["hash"] for it in listed["items"]] == [named(A), named(B)]


async def test_what_is_not_kept_any_more_or_is_being_restored_is_not_listed(play):
    gone, going, there = item("b", kept="2026-03-01T12:00:00Z", **MAIL), item("c", B, status="requestRestore", **MAIL), item("d", C, **MAIL)
    listed = await play("listUndelete", reads(gone, going, there))
    assert ([it["hash"] for it in listed["items"]], listed["total"]) == ([named(C)], 1)


@pytest.mark.parametrize(
    ("kind", "more", "shown"),
    [
        ("CalendarEvent", {"title": "Fair", "startTime": "2026-05-01T09:00:00Z"}, {"type": "calendarEvent", "title": "Fair", "start_time": "2026-05-01T09:00:00Z"}),
        ("CalendarEvent", {"title": "Fair", "startTime": None}, {"type": "calendarEvent", "title": "Fair", "start_time": "2026-02-26T10:00:00Z"}),
        ("ContactCard", {"name": None}, {"type": "contactCard", "name": None}),
        ("SieveScript", {"name": "vacation"}, {"type": "sieveScript", "name": "vacation"}),
    ],
)
async def test_other_items_than_mail(play, kind, more, shown):
    listed = await play("listUndelete", reads(item("b", kind=kind, **more)))
    assert (listed["items"][0]["item"], listed["items"][0]["size"], listed["items"][0]["collection"]) == (shown, 0, shown["type"])


@pytest.mark.parametrize(("version", "members"), [("0.11", {"collection"}), ("0.15", {"item"}), ("union", {"collection", "item"})])
async def test_the_shape_of_each_version(play, version, members):
    listed = await play("listUndelete", reads(item("b", **MAIL)), settings={"legacy_version": version})
    assert listed["items"][0].keys() - {"hash", "size", "deletedAt", "expiresAt"} == members


async def test_everything_is_restored_but_what_would_be_lost(play):
    mail, file, old = item("b"), item("c", B, kind="FileNode"), item("d", C, kept="2026-03-01T12:00:00Z")
    outcome = await play("undelete", reads(mail, file, old, properties=CHOICE), restores("b"), body=None)
    assert outcome == [{"type": "success"}, {"type": "error", "reason": "Unsupported collection"}]


async def test_nothing_is_sent_when_nothing_may_be_restored(play):
    elements = [element(B), element(C), element(A, collection="calendarEvent")]
    outcome = await play("undelete", reads(item("b"), item("c", B, kind="FileNode"), properties=CHOICE), body=elements)
    assert outcome == [{"type": "error", "reason": "Unsupported collection"}, {"type": "notFound"}, {"type": "error", "reason": "Unsupported collection"}]
    assert await play("undelete", reads(item("b"), properties=CHOICE), body=[]) == []


async def test_no_item_is_restored_twice(play):
    outcome = await play("undelete", reads(item("b"), properties=CHOICE), restores("b"), body=[element(), element()])
    assert outcome == [{"type": "success"}, {"type": "notFound"}]


@pytest.mark.parametrize(
    ("given", "chosen"),
    [
        ({"cancelDeletion": "2026-03-29T10:00:00Z", "restoreTime": "2026-02-26T10:00:00Z"}, "c"),
        ({"cancelDeletion": "2026-03-29T11:00:00+01:00", "restoreTime": "2026-02-26T10:00:00Z"}, "c"),
        ({"cancelDeletion": None, "restoreTime": "2026-02-28T10:00:00Z"}, "d"),
        ({"restoreTime": "2020-01-01T00:00:00Z"}, "b"),
        ({"cancelDeletion": "2020-01-01T00:00:00Z", "restoreTime": "2026-02-28T10:00:00Z"}, "d"),
    ],
)
async def test_which_of_several_items_of_one_content_is_meant(play, given, chosen):
    items = [
        item("b", deleted="2026-02-26T10:00:00Z", kept="2026-03-28T10:00:00Z"),
        item("c", deleted="2026-02-27T10:00:00Z", kept="2026-03-29T10:00:00Z"),
        item("d", deleted="2026-02-28T10:00:00Z", kept="2026-03-30T10:00:00Z"),
    ]
    assert await play("undelete", reads(*items, properties=CHOICE), restores(chosen), body=[element(**given)]) == [{"type": "success"}]


async def test_what_became_of_an_item_meanwhile_is_told(play):
    failed = {"b": {"type": "notFound"}, "c": {"type": "forbidden", "description": "Not now"}}
    outcome = await play("undelete", reads(item("b"), item("c", B), properties=CHOICE), restores("b", "c", failed=failed), body=[element(B), element(A)])
    assert outcome == [{"type": "error", "reason": "Not now"}, {"type": "notFound"}]


async def test_what_was_restored_before_a_call_that_fails_is_told(play):
    items = [item(encode(number)) for number in range(1, 502)]
    first, last = [it["id"] for it in items[:500]], items[500]["id"]
    refused = restores(last)[0], [["error", {"type": "forbidden", "description": "Not any more"}]]
    page = reads(*items[:500], properties=CHOICE, total=501)
    rest = reads(*items[500:], properties=CHOICE, position=500, total=501)
    outcome = await play("undelete", page, rest, restores(*first), refused, body=None)
    assert outcome == [{"type": "success"}] * 500 + [{"type": "error", "reason": "Not any more"}]


@pytest.mark.parametrize(
    "wrong",
    [
        {"hash": "AAAA"},
        {"hash": "B" * 43},
        {"hash": named(A) + "="},
        {"hash": None},
        {"collection": "emails"},
        {"collection": "Email"},
        {"collection": 7},
        {"restoreTime": "yesterday"},
        {"restoreTime": 5},
        {"cancelDeletion": "soon"},
        {"cancelDeletion": 5},
    ],
)
async def test_one_wrong_element_restores_nothing(play, wrong):
    with pytest.raises(BadRequest) as refusal:
        await play("undelete", body=[element(B), element(**wrong)])
    assert refusal.value.body["detail"] == "One or multiple parameters could not be parsed."


@pytest.mark.parametrize("body", [{}, "null", 7, [None], [[]]])
async def test_a_body_that_the_contract_let_pass_restores_nothing(play, body):
    with pytest.raises(BadRequest):
        await play("undelete", body=body)


@pytest.mark.parametrize("operation", ["listUndelete", "undelete"])
async def test_right_edition_account_body_in_this_order(run, operation):
    async def refusal(rounds, **more):
        with pytest.raises((Forbidden, EnterpriseOnly, NotFound, BadRequest)) as found:
            await run(operation, rounds, path={"account": "kim"}, body=[], **more)
        return type(found.value)

    objection = {"objection": BadRequest()} if operation == "undelete" else {}
    assert await refusal([], **objection) is Forbidden
    assert await refusal([NOBODY], rights=RIGHTS, edition="oss", **objection) is EnterpriseOnly
    assert await refusal([NOBODY], rights=RIGHTS, edition="enterprise", **objection) is NotFound
    if objection:
        assert await refusal([FOUND], rights=RIGHTS, edition="community", **objection) is EnterpriseOnly
        assert await refusal([FOUND], rights=RIGHTS, edition="enterprise", **objection) is BadRequest


async def test_the_edition_is_what_the_new_server_says(play):
    asked, _ = reads(properties=CHOICE)
    refused = [["error", {"type": "forbidden", "description": "This feature is only available in the Enterprise edition."}], ["error", {"type": "invalidResultReference"}]]
    with pytest.raises(MethodError, match="Enterprise"):
        await play("undelete", (asked, refused), body=None)


@pytest.mark.parametrize("operation", ["listUndelete", "undelete"])
async def test_whoever_may_act_for_himself_only_is_refused(play, operation):
    asked, _ = reads(properties=CHOICE if operation == "undelete" else None)
    refused = [["error", {"type": "unsupportedFilter", "description": "Filter on property accountId is not supported or invalid"}], ["error", {"type": "invalidResultReference"}]]
    with pytest.raises(Forbidden):
        await play(operation, (asked, refused), body=None)


def test_a_hash_is_read_strictly():
    assert digest_of(named(A)) == A
    assert digest_of("") == b""
    for text in ("A", "B" * 43, named(A) + "=", "+" * 4, "/" * 4, "ab\n", "ä" * 4):
        with pytest.raises(ValueError, match="base64"):
            digest_of(text)
