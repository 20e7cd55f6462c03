"""Received reports as objects: what is stored, found, paged, refused and destroyed."""

import dataclasses

import pytest

from gateway.simulator.reports.letters import Post, feedback_letter

ARF, DMARC, TLS = "ArfExternalReport", "DmarcExternalReport", "TlsExternalReport"
NEWEST_FIRST = {"sort": [{"property": "expiresAt", "isAscending": False}], "position": 0}


def complaint(number: int, *fields: str) -> bytes:
    post = Post("Feedback", "fbl@isp.test", ("abuse@lab.test",), 1_795_267_128, "isp.test")
    return feedback_letter(post, f"FW: offer {number}", "text", ("Feedback-Type: abuse", f"User-Agent: x/{number}", *fields), "Subject: x\r\n\r\nx\r\n")


@pytest.fixture
def three(server):
    """Three complaints, a second apart; the first and the third name a reported domain."""
    for number, fields in enumerate((("Reported-Domain: lab.test",), ("Incidents: 4",), ("Reported-Domain: news.lab.test",)), start=1):
        server.mail("", "abuse@lab.test", complaint(number, *fields))
        server.advance(1)
    return server


def numbers(server, ids: list[str]) -> list[str]:
    """The numbers in the subjects of reports, in the order of the ids."""
    return [stored["subject"].removeprefix("FW: offer ") for stored in server.call(f"{ARF}/get", ids=ids)["list"]]


def found(server, **arguments: object) -> list[str]:
    return numbers(server, server.ids(ARF, **arguments))


def test_what_is_stored(three) -> None:
    stored = three.call(f"{ARF}/get")["list"][0]
    assert list(stored) == ["report", "from", "subject", "to", "receivedAt", "expiresAt", "memberTenantId", "id"]
    assert {name: stored[name] for name in ("from", "subject", "to", "receivedAt", "expiresAt", "memberTenantId")} == {
        "from": "fbl@isp.test",
        "subject": "FW: offer 1",
        "to": {"abuse@lab.test": True},
        "receivedAt": "2026-11-21T13:18:48Z",
        "expiresAt": "2026-12-21T13:18:48Z",
        "memberTenantId": None,
    }
    assert stored["report"]["reportedDomains"] == {"lab.test": True}


def test_a_report_is_taken_at_any_analysis_address_and_nowhere_else(server) -> None:
    server.mail("", "olga@lab.test", complaint(1))
    server.mail("", "dmarc@lab.test", b"Subject: no report\r\n\r\nx")
    assert server.ids(ARF) == []
    server.mail("", "dmarc@lab.test", complaint(2))
    assert found(server) == ["2"]
    assert server.ids(DMARC) == server.ids(TLS) == []


def test_analysis_addresses_are_a_setting_that_takes_effect_after_a_reload(server) -> None:
    server.call("ReportSettings/set", update={"singleton": {"inboundReportAddresses": {"*@lab.test": True, "abuse@other.test": True}}})
    server.mail("", "olga@lab.test", complaint(1))
    assert found(server) == []
    server.call("Action/set", create={"a": {"@type": "ReloadSettings"}})
    server.mail("", "olga@lab.test", complaint(2))
    assert found(server) == ["2"]


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        ({}, ["1", "2", "3"]),
        ({"text": "lab.test"}, ["1", "3"]),
        ({"text": "LAB"}, ["1", "3"]),
        ({"text": "isp"}, ["1", "2", "3"]),
        ({"text": "isp news"}, ["3"]),
        ({"text": "la"}, []),
        ({"text": "offer"}, []),
        ({"text": "nothere news"}, ["3"]),
        ({"text": "news nothere"}, []),
        ({"text": ""}, []),
        ({"text": "x"}, []),
        ({"totalSuccessfulSessions": 4}, ["2"]),
        ({"totalSuccessfulSessionsIsLessThan": 4}, ["1", "3"]),
        ({"totalFailedSessionsIsGreaterThan": 0}, []),
        ({"expiresAtIsGreaterThan": "2026-12-21T13:18:48Z"}, ["2", "3"]),
        ({"expiresAtIsLessThanOrEqual": "2026-12-21T13:18:49Z", "text": "lab"}, ["1"]),
        ({"expiresAtIsGreaterThan": "2100-01-01T00:00:00Z", "expiresAtIsLessThan": "2001-01-01T00:00:00Z"}, []),
        ({"memberTenantId": "b"}, []),
    ],
)
def test_filters(three, filter_: dict[str, object], expected: list[str]) -> None:
    assert found(three, filter=filter_) == expected


@pytest.mark.parametrize(
    ("filter_", "description"),
    [
        ({"domain": "lab.test"}, "Filter on property domain is not supported or invalid"),
        ({"from": "x"}, "Filter on property from is not supported or invalid"),
        ({"nope": 1}, "nope"),
        ({"text": 1}, "Filter on property text is not supported or invalid"),
        ({"expiresAtIsLessThan": "x"}, "Filter on property expiresAt is not supported or invalid"),
        ({"totalFailedSessions": "1"}, "Filter on property totalFailedSessions is not supported or invalid"),
        ({"memberTenantIdIsGreaterThan": "b"}, "Filter on property memberTenantId is not supported or invalid"),
    ],
)
def test_refused_filters(three, filter_: dict[str, object], description: str) -> None:
    assert three.call(f"{ARF}/query", filter=filter_) == {"type": "unsupportedFilter", "description": description}


@pytest.mark.parametrize("name", ["receivedAt", "subject", "text", "totalFailedSessions", "memberTenantId", "nope"])
def test_refused_sorts(three, name: str) -> None:
    assert three.call(f"{ARF}/query", sort=[{"property": name, "isAscending": True}]) == {
        "type": "unsupportedSort",
        "description": f"Property {name} is not supported for sorting",
    }


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, (["3", "2", "1"], 0, None, None)),
        (NEWEST_FIRST | {"calculateTotal": True, "limit": 2}, (["3", "2"], 0, 3, 2)),
        (NEWEST_FIRST | {"calculateTotal": True, "limit": 2, "position": 2}, (["1"], 2, 3, 2)),
        (NEWEST_FIRST | {"calculateTotal": True, "limit": 2, "position": 9}, ([], 0, 3, 2)),
        (NEWEST_FIRST | {"calculateTotal": True, "position": -1}, (["1"], 2, 3, None)),
        ({"limit": 2}, (["2", "1"], 0, None, None)),
        ({"limit": 2, "position": 2}, (["3"], 0, None, None)),
        ({"limit": 0}, (["1"], 0, None, None)),
    ],
)
def test_paging(three, arguments: dict[str, object], expected: tuple[list[str], int, int | None, int | None]) -> None:
    answer = three.call(f"{ARF}/query", **arguments)
    assert (numbers(three, answer["ids"]), answer["position"], answer.get("total"), answer.get("limit")) == expected


def test_index_paging_follows_the_expiry(server) -> None:
    reports = server.world.kept(ARF)
    server.mail("", "abuse@lab.test", complaint(1))
    server.mail("", "abuse@lab.test", complaint(2))
    first, second = server.ids(ARF)
    reports.save(first, reports.objects[first] | {"expiresAt": "2027-01-01T00:00:00Z"})
    assert server.call(f"{ARF}/query", limit=1)["ids"] == [second]
    assert server.call(f"{ARF}/query", limit=1, sort=[{"property": "id", "isAscending": True}], calculateTotal=True)["ids"] == [first]


def test_nothing_can_be_made_or_changed(three) -> None:
    id_ = three.ids(ARF)[0]
    refused = {"type": "forbidden", "description": "External reports cannot be updated"}
    assert three.call(f"{ARF}/set", create={"a": {"subject": "x"}}) == {"notCreated": {"a": {"type": "forbidden", "description": "Reports cannot be created"}}}
    assert three.call(f"{ARF}/set", update={id_: {"subject": "x"}, "zzzz": {}}) == {"notUpdated": {id_: refused, "zzzz": refused}}


def test_destroy(three) -> None:
    first, second, third = three.ids(ARF)
    assert three.call(f"{ARF}/set", destroy=[first, "zzzz", "!"]) == {"destroyed": [first], "notDestroyed": {"zzzz": {"type": "notFound"}}}
    assert three.ids(ARF) == [second, third]
    assert three.call(f"{ARF}/get", ids=[first, second], properties=["id"]) == {"list": [{"id": second}], "notFound": [first]}


def test_expired_reports_stay_until_the_data_are_purged(three) -> None:
    three.advance(30 * 86_400 - 2)
    assert found(three) == ["1", "2", "3"]
    task = {"@type": "StoreMaintenance", "maintenanceType": "purgeData"}
    three.call("Task/set", create={"a": task})
    three.advance(0.5)
    assert found(three) == ["3"]


def test_a_tenant_sees_its_own_reports_only_and_cannot_filter_by_tenant(three) -> None:
    reports = three.world.kept(ARF)
    first = three.ids(ARF)[0]
    reports.save(first, reports.objects[first] | {"memberTenantId": "b"})
    tenant = dataclasses.replace(three.admin, account_id="c", tenant_id="b")
    assert three.call(f"{ARF}/query", tenant, calculateTotal=True)["ids"] == [first]
    assert "memberTenantId" not in three.call(f"{ARF}/get", tenant)["list"][0]
    assert three.call(f"{ARF}/query", tenant, filter={"memberTenantId": "b"})["type"] == "unsupportedFilter"
    assert found(three, filter={"memberTenantId": "b"}) == ["1"]


@pytest.mark.parametrize(("method", "arguments"), [("get", {}), ("query", {}), ("set", {"destroy": ["b"]})])
def test_without_rights(three, method: str, arguments: dict[str, object]) -> None:
    nobody = dataclasses.replace(three.admin, permissions=frozenset())
    assert three.call(f"{ARF}/{method}", nobody, **arguments)["type"] == "forbidden"
