"""Outgoing aggregate reports: list, one report, removal."""

import logging

import pytest

from gateway.jmap.errors import MethodError
from gateway.knowledge.ids import encode
from gateway.knowledge.instants import text_of
from gateway.legacy.refusals import NotFound, Other, Unsupported
from gateway.legacy.reports.tls import tls_report

TYPES = {"d": "DmarcInternalReport", "t": "TlsInternalReport"}
LISTED = ["id", "domain", "createdAt", "deliverAt"]
SEEN = ["id", "domain"]
BY_ID = [{"property": "id", "isAscending": True}]

TLS = {
    "organizationName": "Acme",
    "dateRangeStart": "2026-03-01T00:00:00Z",
    "dateRangeEnd": "2026-03-02T00:00:00Z",
    "contactInfo": None,
    "reportId": "T-1",
    "policies": {},
}
DMARC = {
    "version": 1.0,
    "orgName": "Acme",
    "email": "noreply@acme.test",
    "extraContactInfo": None,
    "reportId": "R-1",
    "dateRangeBegin": "2026-03-01T00:00:00Z",
    "dateRangeEnd": "2026-03-02T00:00:00Z",
    "errors": {},
    "policyDomain": "far.test",
    "policyVersion": None,
    "policyAdkim": "relaxed",
    "policyAspf": "relaxed",
    "policyDisposition": "none",
    "policySubdomainDisposition": "none",
    "policyTestingMode": False,
    "policyFailureReportingOptions": {"all": True},
    "extensions": {},
    "records": {},
}


def brief(number, domain="far.test", due=200):
    return {"id": encode(number), "domain": domain, "createdAt": text_of(100), "deliverAt": text_of(due)}


def listed(*, limit=500, position=0, total=None, **objects):
    """One round trip for the kinds given: `d=[…], t=[…]`."""
    calls, answers = [], []
    for letter, found in objects.items():
        name = f"x:{TYPES[letter]}"
        reference = {"resultOf": f"c{len(calls)}", "name": f"{name}/query", "path": "/ids"}
        calls += [
            [f"{name}/query", {"sort": BY_ID, "position": position, "limit": limit, "calculateTotal": True}],
            [f"{name}/get", {"#ids": reference, "properties": LISTED}],
        ]
        answers += [
            [f"{name}/query", {"ids": [it["id"] for it in found], "total": len(found) if total is None else total}],
            [f"{name}/get", {"list": found, "notFound": []}],
        ]
    return calls, answers


def get(letter, number, objects, properties=None):
    name = f"x:{TYPES[letter]}/get"
    shown = {} if properties is None else {"properties": properties}
    gone = [] if objects else [encode(number)]
    return [[name, {"ids": [encode(number)], **shown}]], [[name, {"list": objects, "notFound": gone}]]


def destroy(answer=None, **numbers):
    ids = {letter: [encode(it) for it in some] for letter, some in numbers.items()}
    return (
        [[f"x:{TYPES[letter]}/set", {"destroy": some}] for letter, some in ids.items()],
        [[f"x:{TYPES[letter]}/set", answer or {"destroyed": some}] for letter, some in ids.items()],
    )


D1, D2 = brief(7, "b.test", 300), brief(8, "a.test", 300)
T1, T2 = brief(7, "b.test", 300), brief(9, "c.test", 100)
ALL = {"d": [D1, D2], "t": [T1, T2]}
OLD = {"T2": "t!c.test!9!100!100", "D2": "d!a.test!8!100!300", "D1": "d!b.test!7!100!300", "T1": "t!b.test!7!100!300"}


@pytest.mark.parametrize(
    ("parameters", "kinds", "items", "total"),
    [
        ({}, "dt", ["T2", "D2", "D1", "T1"], 4),
        ({"type": "dmarc"}, "d", ["D2", "D1"], 2),
        ({"type": "tls"}, "t", ["T2", "T1"], 2),
        ({"type": "DMARC"}, "dt", ["T2", "D2", "D1", "T1"], 4),
        ({"domain": "B.te"}, "dt", ["D1", "T1"], 2),
        ({"domain": "zz"}, "dt", [], 0),
        ({"text": "zz", "filter": "zz"}, "dt", ["T2", "D2", "D1", "T1"], 4),
        ({"limit": "1"}, "dt", ["T2"], 4),
        ({"limit": "3", "page": "2"}, "dt", ["T1"], 4),
        ({"limit": "1", "page": "9"}, "dt", [], 4),
        ({"max-total": "2"}, "dt", ["T2", "D2"], 2),
        ({"max-total": "2", "limit": "1", "page": "2"}, "dt", ["D2"], 2),
        ({"range-start": "300"}, "dt", ["D2", "D1", "T1"], 3),
        ({"range-end": "300"}, "dt", ["T2"], 1),
        ({"range-start": "100", "range-end": "100"}, "dt", [], 0),
        ({"range-start": "x", "limit": "x"}, "dt", ["T2", "D2", "D1", "T1"], 4),
    ],
)
async def test_list(run, parameters, kinds, items, total):
    rounds = [listed(**{letter: ALL[letter] for letter in kinds})]
    answer = await run("listQueueReports", rounds, query=parameters)
    assert answer == {"items": [OLD[it] for it in items], "total": total}


async def test_a_list_of_both_kinds_is_not_halved(run):
    calls, answers = listed(d=[D1], t=[T1])
    answers[2] = ["error", {"type": "forbidden", "description": "You are not authorized to perform this action"}]
    answers[3] = ["error", {"type": "invalidResultReference"}]
    with pytest.raises(MethodError, match="forbidden"):
        await run("listQueueReports", [(calls, answers)])


def more(*pages, total):
    """One further round trip of pages `(letter, position, objects)`, one object a page."""
    calls, answers = [], []
    for letter, position, objects in pages:
        more_calls, more_answers = listed(limit=1, position=position, total=total, **{letter: objects})
        more_calls[1][1]["#ids"]["resultOf"] = f"c{len(calls)}"
        calls, answers = calls + more_calls, answers + more_answers
    return calls, answers


async def test_more_reports_than_one_query_gives(run):
    rounds = [
        listed(limit=1, total=2, d=[D1], t=[T1]),
        more(("d", 1, [D2]), ("t", 1, [T2]), total=2),
    ]
    assert (await run("listQueueReports", rounds, settings={"get_page": 1}))["items"] == list(OLD.values())


async def test_eight_queries_a_request(run):
    reports = [brief(it) for it in range(10)]
    rounds = [
        listed(limit=1, total=10, d=[reports[0]]),
        more(*(("d", at, [reports[at]]) for at in range(1, 9)), total=10),
        more(("d", 9, [reports[9]]), total=10),
    ]
    answer = await run("listQueueReports", rounds, query={"type": "dmarc"}, settings={"get_page": 1})
    assert answer["total"] == 10


async def test_a_list_of_too_many_reports_gives_what_was_read(run, caplog):
    rounds = [listed(limit=1, total=3, t=[T1]), more(("t", 1, [T2]), total=3)]
    with caplog.at_level(logging.WARNING):
        answer = await run(
            "listQueueReports", rounds, query={"type": "tls"}, settings={"get_page": 1, "max_scan_reports": 2}
        )
    assert answer["total"] == 2
    assert "only 2 of 3 outgoing reports" in caplog.text


async def test_one_dmarc_report(run):
    report = brief(7) | {"policyIdentifier": 11, "rua": {"a@far.test": True, "b@far.test": True}, "report": DMARC}
    answer = await run("getQueueReport", [get("d", 7, [report])], path={"id": "d!far.test!7!1!2"})
    assert {name: value for name, value in answer.items() if name != "report"} == {
        "type": "dmarc",
        "id": "d!far.test!7!100!200",
        "domain": "far.test",
        "range_from": "1970-01-01T00:01:40Z",
        "range_to": "1970-01-01T00:03:20Z",
        "rua": [{"uri": "a@far.test", "max_size": 0}, {"uri": "b@far.test", "max_size": 0}],
    }
    assert answer["report"]["policy_published"]["domain"] == "far.test"


async def test_one_tls_report(run):
    report = brief(7) | {"mailRua": {"a@far.test": True}, "httpRua": {"https://far.test/r": True}, "report": TLS}
    assert await run("getQueueReport", [get("t", 7, [report])], path={"id": "t!far.test!7!100!200!more"}) == {
        "type": "tls",
        "id": "t!far.test!7!100!200",
        "domain": "far.test",
        "range_from": "1970-01-01T00:01:40Z",
        "range_to": "1970-01-01T00:03:20Z",
        "report": tls_report(TLS),
        "rua": [{"Mail": "a@far.test"}, {"Http": "https://far.test/r"}],
    }


@pytest.mark.parametrize("objects", [[], [brief(7, "far.test.other")]])
async def test_a_report_that_is_gone_or_another_one(run, objects):
    with pytest.raises(NotFound):
        await run("getQueueReport", [get("d", 7, objects)], path={"id": "d!far.test!7!100!200"})


@pytest.mark.parametrize("operation", ["getQueueReport", "deleteQueueReport"])
@pytest.mark.parametrize(
    "element",
    [
        "",
        "zz",
        "d!far.test!1!1",
        "x!far.test!1!1!1",
        "d!far.test!a!b!c",
        "d!far.test!-1!1!1",
        f"d!far.test!{2**64}!1!1",
    ],
)
async def test_what_is_no_id_is_not_asked_for(run, operation, element):
    with pytest.raises(NotFound):
        await run(operation, path={"id": element})


async def test_an_id_without_a_domain_names_nothing(run):
    with pytest.raises(NotFound):
        await run("getQueueReport", path={"id": "d!!1!1!1"})
    assert await run("deleteQueueReport", path={"id": "d!!1!1!1"}) is True


@pytest.mark.parametrize(
    ("objects", "written"),
    [([{"id": encode(7), "domain": "far.test"}], True), ([], False), ([{"id": encode(7), "domain": "x"}], False)],
)
async def test_remove_one(run, objects, written):
    rounds = [get("t", 7, objects, SEEN), *([destroy(t=[7])] if written else [])]
    assert await run("deleteQueueReport", rounds, path={"id": "t!far.test!7!1!2"}) is True


@pytest.mark.parametrize(
    ("parameters", "kinds", "chosen"),
    [
        ({}, "dt", {"d": [8, 7], "t": [9, 7]}),
        ({"type": "tls"}, "t", {"t": [9, 7]}),
        ({"domain": "a.test"}, "dt", {"d": [8]}),
        ({"filter": "A.test"}, "dt", {"d": [8]}),
        ({"filter": "test", "domain": "c."}, "dt", {"t": [9]}),
        ({"filter": "a.", "domain": "c."}, "dt", {}),
        ({"limit": "1"}, "dt", {"t": [9]}),
        ({"limit": "2", "page": "2"}, "dt", {"d": [7], "t": [7]}),
        ({"max-total": "2"}, "dt", {"d": [8], "t": [9]}),
        ({"range-start": "301"}, "dt", {}),
    ],
)
async def test_remove_many(run, parameters, kinds, chosen):
    rounds = [listed(**{letter: ALL[letter] for letter in kinds}), *([destroy(**chosen)] if chosen else [])]
    assert await run("deleteQueueReports", rounds, query=parameters) is bool(chosen)


@pytest.mark.parametrize(
    ("parameters", "details"),
    [
        ({"text": "x"}, "Unknown parameter 'text'; refusing to delete without it"),
        ({"values": "1"}, "Unknown parameter 'values'; refusing to delete without it"),
        ({"type": "arf"}, "Parameter 'type' must be 'dmarc' or 'tls'; refusing to delete without it"),
        ({"type": "DMARC"}, "Parameter 'type' must be 'dmarc' or 'tls'; refusing to delete without it"),
        ({"limit": "x"}, "Parameter 'limit' must be a number; refusing to delete without it"),
        (
            {"range-start": "2026-03-01T12:00:00Z"},
            "Parameter 'range-start' must be a number; refusing to delete without it",
        ),
    ],
)
async def test_what_would_widen_the_removal_is_refused(run, parameters, details):
    with pytest.raises(Unsupported) as refusal:
        await run("deleteQueueReports", query=parameters)
    assert refusal.value.body["details"] == details


async def test_remove_among_too_many_reports_is_refused(run):
    rounds = [listed(limit=1, total=3, d=[D1], t=[])]
    with pytest.raises(Other, match="other"):
        await run("deleteQueueReports", rounds, settings={"get_page": 1, "max_scan_reports": 2})
