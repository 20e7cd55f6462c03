"""Received reports: lists, search, removal."""

import logging

import pytest

from gateway.knowledge.ids import encode
from gateway.knowledge.instants import text_of
from gateway.legacy.refusals import NotFound, Other, Unsupported

NEWEST_FIRST = [{"property": "expiresAt", "isAscending": False}]
LISTED = ["id", "expiresAt"]
TYPES = {"dmarc": "DmarcExternalReport", "tls": "TlsExternalReport", "arf": "ArfExternalReport"}
EXPIRY = 1774591200
TLS = {"organizationName": None, "contactInfo": None, "reportId": "T-1", "policies": {}}


def received(number, **members):
    """A TLS report, of which the envelope is searched."""
    return {
        "id": encode(number),
        "from": "reports@receiver.test",
        "to": {"tlsrpt@acme.test": True},
        "subject": "Report",
        "expiresAt": text_of(EXPIRY),
        "report": TLS,
        **members,
    }


def brief(number, expires=EXPIRY):
    return {"id": encode(number), "expiresAt": text_of(expires)}


def page(kind, objects, *, position=0, limit, total=None, properties=LISTED):
    """One query with the objects it finds, as (calls, answers)."""
    name = f"x:{TYPES[kind]}"
    shown = {} if properties is None else {"properties": properties}
    return (
        [
            [f"{name}/query", {"sort": NEWEST_FIRST, "position": position, "limit": limit, "calculateTotal": True}],
            [f"{name}/get", {"#ids": {"resultOf": "c0", "name": f"{name}/query", "path": "/ids"}, **shown}],
        ],
        [
            [f"{name}/query", {"ids": [it["id"] for it in objects], "total": len(objects) if total is None else total}],
            [f"{name}/get", {"list": objects, "notFound": []}],
        ],
    )


def query(kind, ids, *, position=0, limit, total=None):
    name = f"x:{TYPES[kind]}/query"
    return (
        [[name, {"sort": NEWEST_FIRST, "position": position, "limit": limit, "calculateTotal": True}]],
        [[name, {"ids": [encode(it) for it in ids], "total": len(ids) if total is None else total}]],
    )


def destroy(kind, *numbers, answer=None):
    ids = [encode(it) for it in numbers]
    name = f"x:{TYPES[kind]}/set"
    return [[name, {"destroy": ids}]], [[name, {"destroyed": ids} if answer is None else answer]]


def get(kind, number, objects, properties=None):
    name = f"x:{TYPES[kind]}/get"
    shown = {} if properties is None else {"properties": properties}
    gone = [] if objects else [encode(number)]
    return [[name, {"ids": [encode(number)], **shown}]], [[name, {"list": objects, "notFound": gone}]]


@pytest.mark.parametrize("operation", ["getReport", "deleteReport"])
@pytest.mark.parametrize("element", ["", "7", "7_", "_7", "7_7_7", "a_7", "7_-7", f"7_{2**64}", "7-7"])
async def test_what_is_no_id_is_not_asked_for(run, operation, element):
    with pytest.raises(NotFound):
        await run(operation, path={"class": "dmarc", "id": element})


@pytest.mark.parametrize("operation", ["listReports", "deleteReports", "getReport", "deleteReport"])
async def test_unknown_class(run, operation):
    with pytest.raises(NotFound):
        await run(operation, path={"class": "zz", "id": "7_7"})


@pytest.mark.parametrize(
    ("parameters", "limit", "objects", "expected"),
    [
        ({}, 500, [brief(9, 20), brief(5, 10), brief(8, 10), brief(7, 10)], ["9_20", "8_10", "7_10", "5_10"]),
        ({"filter": "zz", "values": "1", "range-start": "9", "range-end": "1"}, 500, [brief(1)], [f"1_{EXPIRY}"]),
        ({"limit": "3"}, 3, [brief(1)], [f"1_{EXPIRY}"]),
        ({"limit": "900"}, 500, [brief(1)], [f"1_{EXPIRY}"]),
        ({"page": "2"}, 500, [brief(1)], [f"1_{EXPIRY}"]),
        ({"max-total": "2"}, 2, [brief(1)], [f"1_{EXPIRY}"]),
        ({"max-total": "9", "limit": "4"}, 4, [brief(1)], [f"1_{EXPIRY}"]),
    ],
)
async def test_list(run, parameters, limit, objects, expected):
    answer = await run("listReports", [page("tls", objects, limit=limit)], path={"class": "tls"}, query=parameters)
    assert answer == {"items": expected, "total": len(objects)}


async def test_a_page_of_the_list(run):
    rounds = [page("arf", [brief(3)], position=4, limit=2, total=5)]
    answer = await run("listReports", rounds, path={"class": "arf"}, query={"page": "3", "limit": "2"})
    assert answer == {"items": [f"3_{EXPIRY}"], "total": 5}


async def test_rows_beyond_the_greatest_total_do_not_exist(run):
    rounds = [page("arf", [brief(3)], position=2, limit=1, total=5)]
    answer = await run(
        "listReports", rounds, path={"class": "arf"}, query={"page": "2", "limit": "2", "max-total": "3"}
    )
    assert answer == {"items": [f"3_{EXPIRY}"], "total": 3}


@pytest.mark.parametrize(
    ("parameters", "total"),
    [
        ({"page": "3", "limit": "2", "max-total": "3"}, 3),
        ({"page": "2", "limit": str(2**40)}, 5),
        ({"page": str(2**40), "limit": "2"}, 5),
    ],
)
async def test_a_page_that_cannot_have_rows_is_only_counted(run, parameters, total):
    rounds = [query("arf", [1], limit=1, total=5)]
    answer = await run("listReports", rounds, path={"class": "arf"}, query=parameters)
    assert answer == {"items": [], "total": total}


async def test_a_long_list_comes_page_by_page(run):
    calls, answers = [], []
    for at, number in ((2, 2), (4, 0)):
        more_calls, more_answers = page("arf", [brief(number + 1), brief(number)], position=at, limit=2, total=5)
        if calls:
            more_calls[1][1]["#ids"]["resultOf"] = "c2"
        calls, answers = calls + more_calls, answers + more_answers
    rounds = [page("arf", [brief(5), brief(4)], limit=2, total=5), (calls, answers)]
    settings = {"get_page": 2}
    answer = await run("listReports", rounds, path={"class": "arf"}, query={"max-total": "5"}, settings=settings)
    assert answer == {"items": [f"{it}_{EXPIRY}" for it in (5, 4, 3, 2, 1)], "total": 5}


@pytest.mark.parametrize(
    ("parameters", "items", "total"),
    [
        ({}, [9, 8, 7, 6], 4),
        ({"limit": "1", "page": "2"}, [8], 4),
        ({"max-total": "3", "limit": "2", "page": "2"}, [7], 3),
    ],
)
async def test_pages_of_a_search(run, parameters, items, total):
    objects = [received(it) for it in (6, 7, 8, 9)]
    rounds = [page("tls", objects, limit=100, properties=None)]
    answer = await run("listReports", rounds, path={"class": "tls"}, query={"text": "receiver", **parameters})
    assert answer == {"items": [f"{it}_{EXPIRY}" for it in items], "total": total}


def search_rounds(pages, total):
    return [
        page("tls", [received(number)], position=at, limit=1, total=total, properties=None)
        for at, number in enumerate(pages)
    ]


async def test_a_search_over_several_pages(run):
    answer = await run(
        "listReports",
        search_rounds([9, 8, 7], 3),
        path={"class": "tls"},
        query={"text": "receiver"},
        settings={"report_scan_page": 1},
    )
    assert answer["total"] == 3


async def test_a_search_ends_when_enough_is_found(run):
    parameters = {"text": "receiver", "max-total": "2"}
    answer = await run(
        "listReports",
        search_rounds([9, 8], 3),
        path={"class": "tls"},
        query=parameters,
        settings={"report_scan_page": 1},
    )
    assert answer == {"items": [f"9_{EXPIRY}", f"8_{EXPIRY}"], "total": 2}


async def test_a_search_over_too_many_reports_gives_what_it_found(run, caplog):
    settings = {"report_scan_page": 1, "max_scan_reports": 2}
    with caplog.at_level(logging.WARNING):
        answer = await run(
            "listReports",
            search_rounds([9, 8], 3),
            path={"class": "tls"},
            query={"text": "receiver"},
            settings=settings,
        )
    assert answer["total"] == 2
    assert caplog.text.count("only the newest 2 of 3 received reports are searched") == 1


@pytest.mark.parametrize(
    ("objects", "written"),
    [([brief(7)], True), ([], False), ([brief(7, EXPIRY + 1)], False)],
)
async def test_remove_one(run, objects, written):
    rounds = [get("arf", 7, objects, LISTED), *([destroy("arf", 7)] if written else [])]
    assert await run("deleteReport", rounds, path={"class": "arf", "id": f"7_{EXPIRY}"}) is True


async def test_remove_one_that_leaves_meanwhile(run):
    rounds = [
        get("arf", 7, [brief(7)], LISTED),
        destroy("arf", 7, answer={"notDestroyed": {encode(7): {"type": "notFound"}}}),
    ]
    assert await run("deleteReport", rounds, path={"class": "arf", "id": f"7_{EXPIRY}"}) is True


async def test_a_removal_that_is_refused(run):
    no = {"notDestroyed": {encode(7): {"type": "forbidden", "description": "no"}}}
    with pytest.raises(Other):
        await run(
            "deleteReport",
            [get("arf", 7, [brief(7)], LISTED), destroy("arf", 7, answer=no)],
            path={"class": "arf", "id": f"7_{EXPIRY}"},
        )


async def test_remove_all_of_a_class(run):
    rounds = [query("tls", [3, 2, 1], limit=5000), destroy("tls", 3, 2, 1)]
    assert await run("deleteReports", rounds, path={"class": "tls"}) is True
    assert await run("deleteReports", [query("tls", [], limit=5000)], path={"class": "tls"}) is False


async def test_remove_all_over_several_queries(run):
    rounds = [
        query("tls", [3, 2], limit=2, total=3),
        query("tls", [1], position=2, limit=2, total=3),
        destroy("tls", 3, 2, 1),
    ]
    assert await run("deleteReports", rounds, path={"class": "tls"}, settings={"query_page": 2}) is True


@pytest.mark.parametrize(
    ("parameters", "chosen"),
    [
        ({"text": "needle"}, [7, 8, 9]),
        ({"filter": "needle"}, [7, 8, 9]),
        ({"text": "needle", "limit": "1"}, [9]),
        ({"text": "needle", "filter": "other"}, []),
        ({"text": "receiver", "filter": "needle", "page": "2", "limit": "2"}, [7]),
        ({"text": "zz"}, []),
    ],
)
async def test_remove_by_text(run, parameters, chosen):
    objects = [received(10), *(received(it, subject="A Needle") for it in (7, 8, 9))]
    rounds = [page("tls", objects, limit=100, properties=None), *([destroy("tls", *chosen)] if chosen else [])]
    assert await run("deleteReports", rounds, path={"class": "tls"}, query=parameters) is bool(chosen)


@pytest.mark.parametrize(
    ("parameters", "chosen"),
    [
        ({"limit": "1"}, [9]),
        ({"limit": "1", "page": "2"}, [8]),
        ({"max-total": "2"}, [9, 8]),
        ({"page": "9", "limit": "9"}, []),
    ],
)
async def test_remove_a_page_in_the_old_order(run, parameters, chosen):
    rounds = [page("tls", [brief(7), brief(8), brief(9)], limit=500), *([destroy("tls", *chosen)] if chosen else [])]
    assert await run("deleteReports", rounds, path={"class": "tls"}, query=parameters) is bool(chosen)


@pytest.mark.parametrize("parameters", [{"text": "receiver"}, {"limit": "1"}])
async def test_remove_among_too_many_reports_is_refused(run, parameters):
    properties = None if "text" in parameters else LISTED
    rounds = [page("tls", [received(9)], limit=1, total=3, properties=properties)]
    settings = {"report_scan_page": 1, "get_page": 1, "max_scan_reports": 2}
    with pytest.raises(Other) as refusal:
        await run("deleteReports", rounds, path={"class": "tls"}, query=parameters, settings=settings)
    assert refusal.value.body == {
        "error": "other",
        "details": "Too many reports to search; nothing was deleted",
        "reason": "3 reports, limit 2",
    }


@pytest.mark.parametrize(
    ("parameters", "details"),
    [
        ({"domain": "x"}, "Unknown parameter 'domain'; refusing to delete without it"),
        ({"values": "1"}, "Unknown parameter 'values'; refusing to delete without it"),
        (
            {"range-start": "1"},
            "Parameter 'range-start' has no effect on received reports; refusing to delete without it",
        ),
        ({"range-end": "1"}, "Parameter 'range-end' has no effect on received reports; refusing to delete without it"),
        ({"limit": "x"}, "Parameter 'limit' must be a number; refusing to delete without it"),
    ],
)
async def test_what_would_widen_the_removal_is_refused(run, parameters, details):
    with pytest.raises(Unsupported) as refusal:
        await run("deleteReports", path={"class": "dmarc"}, query=parameters)
    assert refusal.value.body["details"] == details


async def test_the_old_meaning_of_filter(run):
    settings = {"bulk_filter_param": "ignore"}
    rounds = [query("tls", [1], limit=5000), destroy("tls", 1)]
    assert await run("deleteReports", rounds, path={"class": "tls"}, query={"filter": "zz"}, settings=settings) is True
