"""Reports that are being collected: how they begin and grow, what a client may do with them, how they are sent."""

import base64

import pytest

from gateway.simulator.reports.messages import read

DMARC, TLS = "DmarcInternalReport", "TlsInternalReport"
DAY = 86_400


@pytest.fixture
def collecting(server):
    """One mail from a domain that wants DMARC reports, to a host whose domain wants TLS reports."""
    server.mail("alice@sender.test", "ok@ok.test")
    server.advance(1)
    return server


def test_a_mail_begins_a_dmarc_report_and_its_task(server) -> None:
    server.mail("alice@sender.test", "olga@lab.test")
    report = server.one(DMARC)
    assert list(report) == ["rua", "policyIdentifier", "report", "domain", "createdAt", "deliverAt", "id"]
    assert {name: report[name] for name in ("rua", "domain", "createdAt", "deliverAt")} == {
        "rua": {"rua@sender.test": True},
        "domain": "sender.test",
        "createdAt": "2026-11-21T13:18:48Z",
        "deliverAt": "2026-11-22T13:18:48Z",
    }
    assert report["report"]["reportId"] == f"1795267128_{report['policyIdentifier']}"
    assert [record["count"] for record in report["report"]["records"].values()] == [1]
    assert server.call("Task/get", ids=[report["id"]])["list"] == [
        {
            "reportId": report["id"],
            "status": {"createdAt": "2026-11-21T13:18:48Z", "due": "2026-11-22T13:18:48Z", "@type": "Pending"},
            "@type": "DmarcReport",
            "due": "2026-11-22T13:18:48Z",
            "id": report["id"],
        }
    ]


def test_every_further_mail_makes_it_grow(collecting) -> None:
    collecting.mail("bob@sender.test", "olga@lab.test", helo="other.test")
    collecting.mail("alice@sender.test", "olga@lab.test")
    collecting.mail("alice@sender.test", "dmarc@lab.test")
    records = collecting.one(DMARC)["report"]["records"]
    assert [(record["spfResults"]["0"]["domain"], record["count"]) for record in records.values()] == [("client.sender.test", 3), ("other.test", 1)]


@pytest.mark.parametrize("sender", ["x@big.test", "x@example.org", ""])
def test_only_domains_that_ask_for_reports_get_one(server, sender: str) -> None:
    server.mail(sender, "olga@lab.test", None if sender else b"Subject: no author\r\n\r\nx")
    assert server.ids(DMARC) == []


def test_the_author_counts_not_the_envelope(server) -> None:
    server.mail("bounce@lists.test", "olga@lab.test", b"From: Alice <alice@Sender.test>\r\n\r\nx")
    (record,) = server.one(DMARC)["report"]["records"].values()
    assert (record["headerFrom"], record["envelopeFrom"], record["evaluatedSpf"], record["evaluatedDisposition"]) == ("sender.test", "lists.test", "fail", "none")


def test_no_checks_no_reports(server) -> None:
    server.call("SenderAuth/set", update={"singleton": {"dmarcVerify": {"match": {}, "else": "disable"}}})
    server.call("Action/set", create={"a": {"@type": "ReloadSettings"}})
    server.mail("alice@sender.test", "olga@lab.test")
    assert server.ids(DMARC) == []


def test_a_delivery_attempt_begins_a_tls_report(collecting) -> None:
    report = collecting.one(TLS)
    assert list(report) == ["policyIdentifiers", "mailRua", "httpRua", "report", "domain", "createdAt", "deliverAt", "id"]
    assert (report["policyIdentifiers"], report["mailRua"], report["httpRua"], report["domain"]) == ({"11732957880687192466": True}, {"tlsrpt@ok.test": True}, {}, "ok.test")
    (policy,) = report["report"]["policies"].values()
    assert (policy["totalSuccessfulSessions"], policy["totalFailedSessions"]) == (0, 1)
    collecting.mail("x@big.test", "ok2@ok.test")
    collecting.mail("x@big.test", "nobody@refused.test")
    collecting.advance(1)
    (policy,) = collecting.one(TLS)["report"]["policies"].values()
    assert policy["totalFailedSessions"] == 2


def test_recipients_of_one_mail_share_a_session(server) -> None:
    data = b"From: <x@big.test>\r\nSubject: test\r\n\r\nHello\r\n"
    server.world.inject({"mail_from": "x@big.test", "rcpt_to": ["a@ok.test", "b@ok.test"], "data": base64.b64encode(data).decode()})
    server.advance(1)
    (policy,) = server.one(TLS)["report"]["policies"].values()
    assert policy["totalFailedSessions"] == 1


@pytest.mark.parametrize(
    ("name", "domain", "hit"),
    [
        (DMARC, "sender.test", True),
        (DMARC, "send", True),
        (DMARC, "", True),
        (DMARC, "test", False),
        (DMARC, "SENDER.TEST", False),
        (DMARC, "x.sender.test", False),
        (TLS, "ok.test", True),
        (TLS, "ok.t", False),
        (TLS, "", False),
        (TLS, "OK.TEST", False),
    ],
)
def test_filter_by_domain(collecting, name: str, domain: str, hit: bool) -> None:
    assert len(collecting.ids(name, filter={"domain": domain})) == hit


@pytest.mark.parametrize(
    ("filter_", "description"),
    [
        ({"text": "x"}, "Filter on property text is not supported or invalid"),
        ({"deliverAtIsGreaterThan": "2026-11-21T13:18:48Z"}, "Filter on property deliverAt is not supported or invalid"),
        ({"domainIsGreaterThan": "a"}, "Filter on property domain is not supported or invalid"),
    ],
)
def test_refused_filters(collecting, filter_: dict[str, object], description: str) -> None:
    assert collecting.call(f"{DMARC}/query", filter=filter_) == {"type": "unsupportedFilter", "description": description}


@pytest.mark.parametrize(
    ("patch", "error"),
    [
        ({}, {"type": "invalidPatch", "description": "Missing required property", "properties": ["deliverAt"]}),
        ({"deliverAt": "2001-01-01T00:00:00Z"}, {"type": "invalidPatch", "description": "Invalid value for property", "properties": ["deliverAt"]}),
        ({"deliverAt": "x"}, {"type": "invalidPatch", "description": "Invalid value for property", "properties": ["deliverAt"]}),
        ({"deliverAt": None}, {"type": "invalidProperties", "properties": ["deliverAt"]}),
        ({"domain": "x.test", "deliverAt": "2100-01-01T00:00:00Z"}, {"type": "invalidProperties", "properties": ["domain"]}),
    ],
)
def test_refused_updates(collecting, patch: dict[str, object], error: dict[str, object]) -> None:
    (id_,) = collecting.ids(TLS)
    assert collecting.call(f"{TLS}/set", update={id_: patch}) == {"notUpdated": {id_: error}}
    assert collecting.one(TLS)["deliverAt"] == "2026-11-22T13:18:48Z"


def test_unknown_reports_and_creates_are_refused(collecting) -> None:
    assert collecting.call(f"{TLS}/set", update={"zzzz": {}}) == {"notUpdated": {"zzzz": {"type": "notFound"}}}
    assert collecting.call(f"{TLS}/set", create={"a": {}}) == {"notCreated": {"a": {"type": "forbidden", "description": "Reports cannot be created"}}}


def test_a_new_delivery_time_moves_the_task_in_lists_only_and_then_holds_up_all_tasks(collecting) -> None:
    (dmarc,), (tls,) = collecting.ids(DMARC), collecting.ids(TLS)
    by_due = {"sort": [{"property": "due", "isAscending": True}]}
    assert collecting.ids("Task", **by_due)[-2:] == [dmarc, tls]
    assert collecting.call(f"{DMARC}/set", update={dmarc: {"deliverAt": "2026-11-22T14:00:00Z"}}) == {"updated": {dmarc: None}}
    assert collecting.ids("Task", **by_due)[-2:] == [tls, dmarc]
    collecting.call(f"{DMARC}/set", update={dmarc: {"deliverAt": "2026-11-21T13:19:00Z"}})
    assert collecting.one(DMARC)["deliverAt"] == "2026-11-21T13:19:00Z"
    assert collecting.call("Task/get", ids=[dmarc])["list"][0]["due"] == "2026-11-22T13:18:48Z"
    job = {"@type": "StoreMaintenance", "maintenanceType": "removeSieveId"}
    (before,) = [made["id"] for made in collecting.call("Task/set", create={"a": job})["created"].values()]
    collecting.advance(1)
    assert not collecting.world.types["Task"].exists(before)
    collecting.advance(20)
    (stuck,) = [made["id"] for made in collecting.call("Task/set", create={"a": job})["created"].values()]
    collecting.advance(2 * DAY)
    assert collecting.world.types["Task"].exists(stuck)
    assert len(collecting.ids(TLS)) == len(collecting.ids(DMARC)) == 1
    collecting.call(f"{DMARC}/set", destroy=[dmarc])
    collecting.advance(1)
    assert not collecting.world.types["Task"].exists(stuck)
    assert collecting.ids(TLS) == []


def test_destroy_takes_the_task_along(collecting) -> None:
    (id_,) = collecting.ids(DMARC)
    assert collecting.call(f"{DMARC}/set", destroy=[id_, "zzzz"]) == {"destroyed": [id_], "notDestroyed": {"zzzz": {"type": "notFound"}}}
    assert collecting.call("Task/get", ids=[id_])["notFound"] == [id_]
    collecting.mail("alice@sender.test", "olga@lab.test")
    assert [record["count"] for record in collecting.one(DMARC)["report"]["records"].values()] == [1]


def test_a_report_is_sent_when_its_task_is_told_to_run(collecting) -> None:
    report = collecting.one(DMARC)
    collecting.call("Task/set", update={report["id"]: {"status": {"@type": "Pending", "due": "2026-11-21T13:18:40Z"}}})
    assert collecting.one(DMARC)["deliverAt"] == "2026-11-22T13:18:48Z"
    collecting.advance(1)
    assert collecting.ids(DMARC) == []
    assert collecting.call("Task/get", ids=[report["id"]])["list"] == []
    queued = collecting.one("QueuedMessage")
    assert (queued["returnPath"], list(queued["recipients"]), queued["flags"]) == ("noreply-dmarc@lab.test", ["rua@sender.test"], {"report": True})
    assert queued["recipients"]["rua@sender.test"]["status"] == {"@type": "Scheduled"}
    assert queued["recipients"]["rua@sender.test"]["queueName"] == "remote"


def test_reports_are_sent_after_a_day_with_what_they_say(collecting) -> None:
    expected = [collecting.one(name)["report"] for name in (DMARC, TLS)]
    collecting.advance(DAY + 1)
    assert collecting.ids(DMARC) == collecting.ids(TLS) == []
    queued = [collecting.call("QueuedMessage/get", ids=[id_])["list"][0] for id_ in sorted(collecting.world.types["QueuedMessage"].queue.messages)]
    received = [read(collecting.world.blobs.fetch(collecting.admin, message["blobId"])) for message in queued]
    assert sorted((mail.sender, mail.recipients) for mail in received) == [
        ("noreply-dmarc@lab.test", ("rua@sender.test",)),
        ("noreply-tls@lab.test", ("tlsrpt@ok.test",)),
    ]
    assert [report for mail in sorted(received, key=lambda mail: mail.sender) for _, report in mail.reports] == expected


def test_the_delivery_of_a_tls_report_begins_the_next_one(collecting) -> None:
    collecting.advance(DAY + 3 * 3600)
    (policy,) = collecting.one(TLS)["report"]["policies"].values()
    assert policy["totalFailedSessions"] == 1


def test_reports_come_from_the_default_domain(server) -> None:
    domain = server.call("Domain/set", create={"a": {"name": "other.test", "dkimManagement": {"@type": "Manual"}}})["created"]["a"]["id"]
    server.call("SystemSettings/set", update={"singleton": {"defaultDomainId": domain}})
    server.call("ReportSettings/set", update={"singleton": {"outboundReportDomain": "reports.example.org"}})
    server.call("Action/set", create={"a": {"@type": "ReloadSettings"}})
    server.mail("alice@sender.test", "olga@lab.test")
    report = server.one(DMARC)["report"]
    assert (report["orgName"], report["email"]) == ("other.test", "noreply-dmarc@other.test")
