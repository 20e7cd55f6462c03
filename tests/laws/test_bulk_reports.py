"""No removal of reports touches one that the old server would not have chosen, whatever happens to the reports meanwhile."""

import random
from copy import deepcopy

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.jmap import replies
from gateway.jmap.calls import request_body
from gateway.jmap.errors import MethodError
from gateway.knowledge.ids import decode, encode

from .bulk import NOW, call, instant, unix

KINDS = {"d": "DmarcInternalReport", "t": "TlsInternalReport"}
TLS = "TlsExternalReport"
TLS_PATH = {"class": "tls"}


class Reports:
    """Reports of a new server, by type and id, and which of them were destroyed."""

    def __init__(self, reports, *, seed=None):
        self.reports = {type_: {it["id"]: it for it in some} for type_, some in reports.items()}
        self.random = None if seed is None else random.Random(seed)  # noqa: S311 - no secret
        self.seen, self.destroyed, self.requests = {}, set(), 0

    async def request(self, *calls):
        body = request_body(calls)["methodCalls"]
        self.requests += 1
        assert len(body) <= 16
        answers = []
        for name, arguments, tag in body:
            type_, _, method = name.removeprefix("x:").partition("/")
            if "#ids" in arguments:
                arguments = {**arguments, "ids": answers[int(arguments["#ids"]["resultOf"][1:])][1]["ids"]}  # noqa: PLW2901
            answers.append([name, deepcopy(getattr(self, method)(type_, arguments)), tag])
        for some in self.reports.values() if self.random else ():
            for it in list(some):
                if self.random.randrange(4) == 0:
                    del some[it]
        read = replies.read(calls, {"methodResponses": answers})
        assert not any(isinstance(it, MethodError) for it in read)
        return read

    def query(self, type_, arguments):
        (order,) = arguments["sort"]
        key = {"id": lambda it: decode(it["id"]), "expiresAt": lambda it: it["expiresAt"]}[order["property"]]
        found = sorted(self.reports[type_].values(), key=key, reverse=not order["isAscending"])
        start, limit = arguments["position"], arguments["limit"]
        assert "filter" not in arguments
        assert 0 < limit <= 5000
        return {"ids": [it["id"] for it in found[start : start + limit]], "total": len(found)}

    def get(self, type_, arguments):
        assert len(arguments["ids"]) <= 500
        found = [self.reports[type_][it] for it in arguments["ids"] if it in self.reports[type_]]
        self.seen |= {(type_, it["id"]): deepcopy(it) for it in found}
        names = arguments.get("properties") or ()
        return {
            "list": [{name: it[name] for name in names or it} for it in found],
            "notFound": [it for it in arguments["ids"] if it not in self.reports[type_]],
        }

    def set(self, type_, arguments):
        assert arguments.keys() == {"destroy"}
        there = [it for it in arguments["destroy"] if self.reports[type_].pop(it, None)]
        self.destroyed |= {(type_, it) for it in there}
        answer = {"destroyed": there} if there else {}
        gone = {it: {"type": "notFound"} for it in arguments["destroy"] if it not in there}
        return answer | ({"notDestroyed": gone} if gone else {})


def cut(rows, query):
    """`max-total`, then the page (legacy-rest-api 2.2)."""
    if int(query.get("max-total", "0")):
        rows = rows[: int(query["max-total"])]
    if limit := int(query.get("limit", "0")):
        start = max(int(query.get("page", "0")) - 1, 0) * limit
        rows = rows[start : start + limit]
    return rows


COUNTS = st.sampled_from(["0", "1", "2", "3", "40"])
WINDOW = dict.fromkeys(("page", "limit", "max-total"), COUNTS)
SMALL_PAGES = {"get_page": 2, "query_page": 3, "report_scan_page": 2}

# Outgoing

DOMAINS = st.sampled_from(["a.test", "b.test", "sub.a.test"])


def outgoing(number, domain, due):
    return {"id": encode(number), "domain": domain, "createdAt": instant(NOW), "deliverAt": instant(due)}


OUTGOING = st.lists(
    st.builds(outgoing, st.integers(0, 40), DOMAINS, st.sampled_from([100, 200, 300])),
    max_size=8,
    unique_by=lambda it: it["id"],
)
OUTGOING_QUERY = st.fixed_dictionaries(
    {},
    optional={
        "domain": st.sampled_from(["a.test", "A.T", "sub", "zz"]),
        "type": st.sampled_from(["dmarc", "tls"]),
        **dict.fromkeys(("range-start", "range-end"), st.sampled_from(["0", "100", "200", "201", "400"])),
        **WINDOW,
    },
)


def old_outgoing(reports, query):
    """What the old server chose, by due time, domain, kind and number (legacy-rest-api 2.3)."""
    letters = {"dmarc": "d", "tls": "t"}.get(query.get("type", ""), "dt")
    chosen = [
        (unix(it["deliverAt"]), it["domain"], letter, decode(it["id"]))
        for letter in letters
        for it in reports[KINDS[letter]]
        if query.get("domain", "").lower() in it["domain"]
        and int(query.get("range-start", "0")) <= unix(it["deliverAt"]) < int(query.get("range-end", "9999"))
    ]
    return {(KINDS[letter], encode(number)) for _, _, letter, number in cut(sorted(chosen), query)}


@settings(max_examples=200, deadline=None)
@given(OUTGOING, OUTGOING, OUTGOING_QUERY)
def test_outgoing_reports_at_rest(dmarc, tls, query):
    stock = {KINDS["d"]: dmarc, KINDS["t"]: tls}
    reports, expected = Reports(stock), old_outgoing(stock, query)
    listed = call("listQueueReports", reports, query, **SMALL_PAGES)
    assert len(listed["items"]) == len(expected)
    assert call("deleteQueueReports", reports, query, **SMALL_PAGES) is bool(expected)
    assert reports.destroyed == expected


@settings(max_examples=200, deadline=None)
@given(OUTGOING, OUTGOING, OUTGOING_QUERY, st.sampled_from(["a.t", "zz", "sub"]), st.integers(0, 1000))
def test_outgoing_reports_that_change(dmarc, tls, query, text, seed):
    reports = Reports({KINDS["d"]: dmarc, KINDS["t"]: tls}, seed=seed)
    call("deleteQueueReports", reports, {**query, "filter": text}, **SMALL_PAGES)
    read = {type_: [it for (kind, _), it in reports.seen.items() if kind == type_] for type_ in KINDS.values()}
    assert reports.destroyed <= old_outgoing(read, {name: value for name, value in query.items() if name not in WINDOW})
    assert all(text in reports.seen[it]["domain"] for it in reports.destroyed)
    assert not int(query.get("limit", "0")) or len(reports.destroyed) <= int(query["limit"])


# Received


def received(number, sender, subject, expires):
    report = {"organizationName": "Org", "contactInfo": None, "reportId": "R", "policies": {}}
    return {
        "id": encode(number),
        "from": sender,
        "to": {"tls@acme.test": True},
        "subject": subject,
        "expiresAt": instant(NOW + expires),
        "report": report,
    }


RECEIVED = st.lists(
    st.builds(
        received,
        st.integers(0, 40),
        st.sampled_from(["a@far.test", "b@near.test"]),
        st.sampled_from(["One", "two"]),
        st.sampled_from([10, 20]),
    ),
    max_size=8,
    unique_by=lambda it: it["id"],
)
RECEIVED_QUERY = st.fixed_dictionaries(
    {}, optional={"text": st.sampled_from(["far", "one", "One", "org", "R", "acme", "zz"]), **WINDOW}
)


def mentions(report, text):
    return any(text in it.lower() for it in (report["from"], report["subject"], "tls@acme.test", "org")) or text == "R"


def old_received(reports, query):
    """What the old server chose, newest expiry first (legacy-rest-api 2.4)."""
    chosen = sorted(
        ((unix(it["expiresAt"]), decode(it["id"])) for it in reports if mentions(it, query.get("text", ""))),
        reverse=True,
    )
    return {(TLS, encode(number)) for _, number in cut(chosen, query)}


@settings(max_examples=200, deadline=None)
@given(RECEIVED, RECEIVED_QUERY)
def test_received_reports_at_rest(stock, query):
    reports, expected = Reports({TLS: stock}), old_received(stock, query)
    assert call("deleteReports", reports, query, path=TLS_PATH, **SMALL_PAGES) is bool(expected)
    assert reports.destroyed == expected


@settings(max_examples=200, deadline=None)
@given(RECEIVED, RECEIVED_QUERY, st.sampled_from(["near", "two"]), st.integers(0, 1000))
def test_received_reports_that_change(stock, query, text, seed):
    reports = Reports({TLS: stock}, seed=seed)
    call("deleteReports", reports, {**query, "filter": text}, path=TLS_PATH, **SMALL_PAGES)
    for it in reports.destroyed:
        assert mentions(reports.seen[it], query.get("text", ""))
        assert mentions(reports.seen[it], text)
    assert not int(query.get("limit", "0")) or len(reports.destroyed) <= int(query["limit"])


REFUSED = st.sampled_from([{"limit": "x"}, {"page": "-1"}, {"zz": "1"}, {"max-total": str(2**64)}])


@settings(max_examples=60, deadline=None)
@given(OUTGOING, RECEIVED, REFUSED)
def test_what_is_refused_leaves_everything(sent, stock, bad):
    reports = Reports({KINDS["d"]: sent, KINDS["t"]: [], TLS: stock})
    assert call("deleteQueueReports", reports, bad) is None
    assert call("deleteReports", reports, bad, path=TLS_PATH) is None
    assert reports.requests == 0


@settings(max_examples=60, deadline=None)
@given(OUTGOING, RECEIVED)
def test_more_than_may_be_looked_at_is_left_alone(sent, stock):
    reports = Reports({KINDS["d"]: sent, KINDS["t"]: [], TLS: stock})
    call("deleteQueueReports", reports, {"domain": "t"}, max_scan_reports=3, **SMALL_PAGES)
    call("deleteReports", reports, {"text": "acme"}, path=TLS_PATH, max_scan_reports=3, **SMALL_PAGES)
    for stocked, type_ in ((sent, KINDS["d"]), (stock, TLS)):
        gone = {it for it in reports.destroyed if it[0] == type_}
        assert len(gone) == (len(stocked) if len(stocked) <= 3 else 0)
