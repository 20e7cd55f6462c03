"""How strictly the old WebAdmin (0.1.33) reads replies: a member that is missing, of another type or of an unknown word fails its whole page."""

from collections.abc import Callable, Collection
from datetime import datetime
from ipaddress import ip_address
from typing import Any

Reader = Callable[[Any], Any]

U64 = 2**64
LIST_OF_DATA = (
    "accountName accountId blobId causedBy changeId code collection contents details dkimFail dkimNone dkimPass dmarcNone dmarcPass dmarcQuarantine dmarcReject "
    "documentId domain due elapsed expires from hostname id key limit listenerId localIp localPort mailboxName mailboxId messageId nextDsn nextRetry path policy "
    "queueId queueName rangeFrom rangeTo reason remoteIp remotePort reportId result size source spanId spfFail spfNone spfPass strict tls to total totalFailures "
    "totalSuccesses type uid uidNext uidValidity url validFrom validTo value version"
)
DATA = frozenset(LIST_OF_DATA.split())


class Unreadable(AssertionError):
    """The page would show an error in place of its contents."""


def expect(good: bool, value: Any, what: str) -> Any:
    if not good:
        raise Unreadable(f"{value!r} is no {what}")
    return value


def text(value: Any) -> Any:
    return expect(isinstance(value, str), value, "text")


def flag(value: Any) -> Any:
    return expect(isinstance(value, bool), value, "flag")


def count(value: Any) -> Any:
    return expect(type(value) is int and 0 <= value < U64, value, "count")


def real(value: Any) -> Any:
    return expect(type(value) in (int, float), value, "number")


def instant(value: Any) -> Any:
    return expect(datetime.fromisoformat(text(value)).tzinfo is not None, value, "instant")


def address(value: Any) -> Any:
    return expect(bool(ip_address(text(value))), value, "address")


def word(*words: str) -> Reader:
    return lambda value: expect(value in words, value, f"word of {words}")


def maybe(read: Reader) -> Reader:
    return lambda value: None if value is None else read(value)


def each(read: Reader) -> Reader:
    return lambda value: [read(it) for it in expect(isinstance(value, list), value, "list")]


def record(required: dict[str, Reader], optional: dict[str, Reader] | None = None) -> Reader:
    """An object with all required members; others are passed over."""

    def read(value: Any) -> Any:
        expect(isinstance(value, dict) and required.keys() <= value.keys(), value, f"object with {sorted(required)}")
        for name, inner in (required | {name: maybe(it) for name, it in (optional or {}).items()}).items():
            if name in value:
                inner(value[name])
        return value

    return read


def tagged(kinds: dict[str, Reader], tag: str = "type") -> Reader:
    """An object that says what it is."""

    def read(value: Any) -> Any:
        expect(isinstance(value, dict) and value.get(tag) in kinds, value, f"object of {sorted(kinds)}")
        return kinds[value[tag]](value)

    return read


def page(item: Reader, **more: Reader) -> Reader:
    return record({"items": each(item), "total": count, **more})


# Queue


def status(value: Any) -> Any:
    if value == "scheduled":
        return value
    expect(isinstance(value, dict) and len(value) == 1 and value.keys() <= {"completed", "temp_fail", "perm_fail"}, value, "status")
    return text(next(iter(value.values())))


recipient = record(
    {"address": text, "status": status, "queue": text, "retry_num": count},
    {"next_retry": instant, "next_notify": instant, "expires": instant, "orcpt": text},
)
_message = record(
    {"id": count, "return_path": text, "recipients": each(recipient), "created": instant, "size": count, "blob_hash": text},
    {"priority": real, "env_id": text},
)


def message(value: Any) -> Any:
    """A message; the page crashes when only some of the pending recipients tell when they are tried and told of."""
    _message(value)
    pending = [it for it in value["recipients"] if it["status"] == "scheduled" or "temp_fail" in it["status"]]
    for name in ("next_retry", "next_notify"):
        expect(len({it.get(name) is None for it in pending}) < 2, pending, f"list with {name} everywhere or nowhere")
    return value


# Reports

DISPOSITIONS = ("None", "Quarantine", "Reject", "Unspecified")
PASSED = ("Pass", "Fail", "Unspecified")
DKIM = ("None", "Pass", "Fail", "Policy", "Neutral", "TempError", "PermError")
SPF = ("None", "Neutral", "Pass", "Fail", "SoftFail", "TempError", "PermError")
REASONS = ("Forwarded", "SampledOut", "TrustedForwarder", "MailingList", "LocalPolicy", "Other")

extension = record({"name": text, "definition": text})
dmarc = record(
    {
        "version": real,
        "report_metadata": record(
            {"org_name": text, "email": text, "report_id": text, "date_range": record({"begin": count, "end": count}), "error": each(text)},
            {"extra_contact_info": text},
        ),
        "policy_published": record(
            {"domain": text, "adkim": word("Relaxed", "Strict", "Unspecified"), "aspf": word("Relaxed", "Strict", "Unspecified"), "p": word(*DISPOSITIONS), "sp": word(*DISPOSITIONS), "testing": flag},
            {"version_published": real, "fo": text},
        ),
        "record": each(
            record({
                "row": record(
                    {
                        "count": count,
                        "policy_evaluated": record({
                            "disposition": word(*DISPOSITIONS, "Pass"), "dkim": word(*PASSED), "spf": word(*PASSED),
                            "reason": each(record({"type_": word(*REASONS)}, {"comment": text})),
                        }),
                    },
                    {"source_ip": address},
                ),
                "identifiers": record({"envelope_from": text, "header_from": text}, {"envelope_to": text}),
                "auth_results": record({
                    "dkim": each(record({"domain": text, "selector": text, "result": word(*DKIM)}, {"human_result": text})),
                    "spf": each(record({"domain": text, "scope": word("Helo", "MailFrom", "Unspecified"), "result": word(*SPF)}, {"human_result": text})),
                }),
                "extensions": each(extension),
            })
        ),
        "extensions": each(extension),
    }
)
tls = record(
    {
        "date-range": record({"start-datetime": instant, "end-datetime": instant}),
        "policies": each(
            record({
                "policy": record({"policy-type": word("tlsa", "sts", "no-policy-found", "other"), "policy-domain": text}, {"policy-string": each(text), "mx-host": each(text)}),
                "summary": record({"total-successful-session-count": count, "total-failure-session-count": count}),
                "failure-details": each(record({"result-type": text, "failed-session-count": count}, {"sending-mta-ip": address, "receiving-ip": address})),
            })
        ),
    },
    {"organization-name": text, "contact-info": text, "report-id": text},
)
arf = record(
    {
        "feedback_type": word("Abuse", "AuthFailure", "Fraud", "NotSpam", "Other", "Virus"),
        "authentication_results": each(text), "incidents": count, "reported_domain": each(text), "reported_uri": each(text), "version": count, "source_port": count,
        "auth_failure": word("Adsp", "BodyHash", "Revoked", "Signature", "Spf", "Dmarc", "Unspecified"),
        "delivery_result": word("Delivered", "Spam", "Policy", "Reject", "Other", "Unspecified"),
        "identity_alignment": word("None", "Spf", "Dkim", "DkimSpf", "Unspecified"),
    },
    {"arrival_date": real, "source_ip": address, "user_agent": text, "message": text},
)  # fmt: skip
received = {kind: record({"from": text, "to": each(text), "subject": text, "report": read}) for kind, read in (("dmarc", dmarc), ("tls", tls), ("arf", arf))}
_outgoing = {"id": text, "domain": text, "range_from": instant, "range_to": instant}
outgoing = tagged({
    "dmarc": record({**_outgoing, "report": dmarc, "rua": each(record({"uri": text, "max_size": count}))}),
    "tls": record({**_outgoing, "report": tls, "rua": each(lambda value: expect(len(value) == 1 and value.keys() <= {"Mail", "Http"}, value, "way to send a report"))}),
})


def outgoing_id(value: Any) -> Any:
    """An id that the page takes apart by itself."""
    kind, domain, *numbers = text(value).split("!")
    return expect(kind in {"d", "t"} and bool(domain) and len(numbers) == 3 and all(it.isdecimal() for it in numbers), value, "id of a report")


# Logs, traces, metrics, streams

line = record(dict.fromkeys(("timestamp", "level", "event", "event_id", "details"), text))


def value_of_event(value: Any) -> Any:
    """A text, a number, a flag, an event without a time, or a list of these; never null."""
    if isinstance(value, list):
        return [value_of_event(it) for it in value]
    if isinstance(value, dict):
        return _data(record({"type": text, "data": data})(value)["data"])
    return expect(isinstance(value, (str, int, float)), value, "value")


def data(value: Any) -> Any:
    return expect(isinstance(value, dict), value, "object")


def _data(value: dict[str, Any], known: Collection[str] = DATA) -> Any:
    expect(value.keys() <= set(known), sorted(value.keys() - set(known)), "set of keys that the page knows")
    return {name: value_of_event(it) for name, it in value.items()}


_event = record({"type": text, "createdAt": instant, "data": data}, {"text": text, "details": text})


def event(value: Any) -> Any:
    """An event of a trace."""
    _data(_event(value)["data"])
    return value


_sample = {"id": text, "value": count}
_histogram = {"id": text, "count": count, "sum": count}
sample = tagged({"counter": record(_sample), "gauge": record(_sample), "histogram": record(_histogram)})
sample_with_time = tagged({kind: record({**members, "timestamp": instant}) for kind, members in (("counter", _sample), ("gauge", _sample), ("histogram", _histogram))})

_elapsed = {"elapsed": count}
_failed = {"elapsed": count, "reason": text}
_steps = ("readGreeting", "ehlo", "startTls", "mailFrom", "rcptTo")
stage = tagged(
    {
        "mxLookupStart": record({"domain": text}),
        "mxLookupSuccess": record({"mxs": each(record({"exchanges": each(text), "preference": count})), **_elapsed}),
        "tlsRptLookupSuccess": record({"rua": each(tagged({"mail": record({"email": text}), "http": record({"url": text})})), **_elapsed}),
        "mtaStsFetchSuccess": record({"policy": record({"id": text, "mode": word("enforce", "testing", "none"), "mx": each(data), "max_age": count}), **_elapsed}),
        "deliveryAttemptStart": record({"hostname": text}),
        "mtaStsVerifyError": record({"reason": text}),
        "daneVerifyError": record({"reason": text}),
        "tlsaLookupSuccess": record({"record": record({"entries": each(record({"is_end_entity": flag, "is_sha256": flag, "is_spki": flag, "data": each(count)})), "has_end_entities": flag, "has_intermediates": flag}), **_elapsed}),
        "ipLookupSuccess": record({"remote_ips": each(address), **_elapsed}),
        "connectionStart": record({"remote_ip": address}),
        "connectionSuccess": record(_elapsed),
        "quitCompleted": record(_elapsed),
    }
    | {name: record(_failed) for name in ("mxLookupError", "mtaStsFetchError", "tlsRptLookupError", "tlsaNotFound", "tlsaLookupError", "ipLookupError", "connectionError")}
    | {name: record(_elapsed) for name in ("mtaStsNotFound", "tlsRptNotFound")}
    | {f"{name}Success": record(_elapsed) for name in _steps}
    | {f"{name}Error": record(_failed) for name in _steps}
    | dict.fromkeys(
        (*(f"{name}Start" for name in (*_steps, "mtaStsFetch", "tlsRptLookup", "tlsaLookup", "ipLookup", "quit")), "mtaStsVerifySuccess", "daneVerifySuccess", "completed"),
        record({}),
    )
)

result = record({"type": word("pass", "none", "fail", "softFail", "tempError", "permError", "neutral")}, {"details": text})
dmarc_test = record(
    {
        "spfEhloDomain": text, "spfEhloResult": result, "spfMailFromDomain": text, "spfMailFromResult": result, "ipRevResult": result, "ipRevPtr": each(text),
        "dkimResults": each(result), "dkimPass": flag, "arcResult": result, "dmarcResult": result, "dmarcPass": flag,
        "dmarcPolicy": word("none", "quarantine", "reject", "unspecified"), "elapsed": count,
    }
)  # fmt: skip

_verdict = tagged({"allow": record({"value": text}), "discard": record({}), "reject": record({})}, "action")
_score = tagged({"allow": record({"value": real}), "discard": record({}), "reject": record({})}, "action")
classified = record({"score": real, "tags": lambda value: [_score(it) for it in data(value).values()], "disposition": _verdict})

archived = record({"hash": text, "size": count, "deletedAt": instant, "expiresAt": instant})
restored = tagged({"success": record({}), "notFound": record({}), "error": record({"reason": text})})
done = maybe(text)
"""Replies of the maintenance page: null or a text, nothing else."""

_fault = record({"error": text})
reloaded = record({
    "warnings": lambda value: [tagged({"missing": record({}), "appliedDefault": record({"default": text}), "unread": record({"value": text}), "build": _fault, "parse": _fault})(it) for it in data(value).values()],
    "errors": lambda value: [tagged(dict.fromkeys(("parse", "build", "macro"), _fault))(it) for it in data(value).values()],
})
