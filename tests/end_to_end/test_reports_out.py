"""Aggregate reports that the server is about to send."""

from datetime import datetime
from typing import Any

REPORTS = "/api/queue/reports"
NOT_FOUND = {"type": "about:blank", "status": 404, "title": "Not Found", "detail": "The requested resource does not exist on this server."}


async def collected(old: Any) -> tuple[str, str]:
    """Let the server collect one DMARC and one TLS report and give their ids."""
    await old.send("alice@sender.test", "or-box@example.org")
    await old.send("lee@sender.test", "kim@ok.test")
    ids = (await old.get(REPORTS))["items"]
    (dmarc,) = (identifier for identifier in ids if identifier.startswith("d!sender.test!"))
    (tls,) = (identifier for identifier in ids if identifier.startswith("t!ok.test!"))
    return dmarc, tls


async def test_reports_are_listed_and_filtered(old) -> None:
    assert await old.get(REPORTS) == {"items": [], "total": 0}
    dmarc, tls = await collected(old)

    both = await old.get(REPORTS)
    assert (set(both["items"]), both["total"]) == ({dmarc, tls}, 2)
    assert await old.get(f"{REPORTS}?type=dmarc") == {"items": [dmarc], "total": 1}
    assert await old.get(f"{REPORTS}?type=tls") == {"items": [tls], "total": 1}
    assert await old.get(f"{REPORTS}?type=zz") == both
    assert await old.get(f"{REPORTS}?domain=SENDER.TEST") == {"items": [dmarc], "total": 1}
    assert await old.get(f"{REPORTS}?domain=zznomatch") == {"items": [], "total": 0}
    assert await old.get(f"{REPORTS}?text=zznomatch&filter=zznomatch") == both
    first, second = both["items"]
    assert await old.get(f"{REPORTS}?page=1&limit=1") == {"items": [first], "total": 2}
    assert await old.get(f"{REPORTS}?page=2&limit=1") == {"items": [second], "total": 2}
    assert await old.get(f"{REPORTS}?max-total=1") == {"items": [first], "total": 1}
    assert await old.call("GET", f"{REPORTS}&domain=sender.test") == (404, NOT_FOUND)


async def test_a_report_is_read_under_every_spelling_of_its_path(old) -> None:
    dmarc, tls = await collected(old)
    for identifier, kind, domain in ((dmarc, "dmarc", "sender.test"), (tls, "tls", "ok.test")):
        report = await old.get(f"{REPORTS}/{identifier}")
        assert (report["id"], report["type"], report["domain"]) == (identifier, kind, domain)
        assert datetime.fromisoformat(report["range_from"]) < datetime.fromisoformat(report["range_to"])
        assert await old.get(f"{REPORTS}/{identifier.replace('!', '%21')}") == report
        assert await old.get(f"{REPORTS}/{identifier}/x") == report
    published = (await old.get(f"{REPORTS}/{dmarc}"))["report"]["policy_published"]
    assert published["domain"] == "sender.test"


async def test_ids_that_name_nothing(old) -> None:
    for unknown in ("d!sender.test!1!1!1", "d!!1!1!1", "d!sender.test!1!1!1!1"):
        assert await old.call("GET", f"{REPORTS}/{unknown}") == (404, NOT_FOUND)
        assert await old.delete(f"{REPORTS}/{unknown}") is True
    for malformed in ("zz", "d!sender.test!1!1", "x!sender.test!1!1!1", "d!sender.test!a!b!c", "d!sender.test!-1!1!1"):
        for method in ("GET", "DELETE"):
            assert await old.call(method, f"{REPORTS}/{malformed}") == (404, NOT_FOUND), (method, malformed)


async def test_one_report_is_cancelled_then_all(old) -> None:
    dmarc, tls = await collected(old)
    wrong_domain = dmarc.replace("sender.test", "other.test")
    assert await old.delete(f"{REPORTS}/{wrong_domain}") is True
    assert (await old.get(REPORTS))["total"] == 2
    assert await old.delete(f"{REPORTS}/{dmarc}") is True
    assert await old.delete(f"{REPORTS}/{dmarc}") is True
    assert await old.call("GET", f"{REPORTS}/{dmarc}") == (404, NOT_FOUND)
    assert await old.get(REPORTS) == {"items": [tls], "total": 1}
    assert await old.delete(f"{REPORTS}?domain=zznomatch") is False
    assert await old.delete(f"{REPORTS}?type=tls") is True
    assert await old.get(REPORTS) == {"items": [], "total": 0}
    assert await old.delete(REPORTS) is False


async def test_a_bulk_deletion_refuses_what_it_cannot_read(old) -> None:
    await collected(old)
    for query in ("dmain=sender.test", "limit=x", "range-start=x"):
        status, body = await old.call("DELETE", f"{REPORTS}?{query}")
        assert (status, body["error"]) == (200, "unsupported"), query
    assert (await old.get(REPORTS))["total"] == 2
