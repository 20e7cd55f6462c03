"""DMARC aggregate reports in the shape of the old server (legacy-rest-api 2.4, mapping-operations 4.3)."""

import math
import struct
from collections.abc import Iterator

from gateway.jmap.calls import Object
from gateway.knowledge import report_words as words
from gateway.knowledge.instants import seconds
from gateway.knowledge.value_forms import in_order, members

_UNKNOWN = "Unspecified"


def dmarc_report(report: Object) -> Object:
    """Old form; no member is left out."""
    return {
        "version": _single(report["version"] or 0.0),
        "report_metadata": {
            "org_name": report["orgName"],
            "email": report["email"],
            "extra_contact_info": report["extraContactInfo"],
            "report_id": report["reportId"],
            "date_range": {"begin": seconds(report["dateRangeBegin"]), "end": seconds(report["dateRangeEnd"])},
            "error": members(report["errors"]),
        },
        "policy_published": {
            "domain": report["policyDomain"],
            "version_published": _published_version(report["policyVersion"]),
            "adkim": words.DMARC_ALIGNMENT.get(report["policyAdkim"], _UNKNOWN),
            "aspf": words.DMARC_ALIGNMENT.get(report["policyAspf"], _UNKNOWN),
            "p": words.DMARC_DISPOSITION.get(report["policyDisposition"], _UNKNOWN),
            "sp": words.DMARC_DISPOSITION.get(report["policySubdomainDisposition"], _UNKNOWN),
            "testing": report["policyTestingMode"],
            "fo": _failure_options(report["policyFailureReportingOptions"]),
        },
        "record": [_record(it) for it in in_order(report["records"])],
        "extensions": _extensions(report["extensions"]),
    }


def dmarc_texts(report: Object) -> Iterator[str | None]:
    """Texts in which the old server searched."""
    yield report["policyDomain"]
    yield report["orgName"].lower()
    yield report["reportId"]
    yield (report["extraContactInfo"] or "").lower()
    for record in report["records"].values():
        yield record["envelopeFrom"]
        yield record["headerFrom"]
        yield record["envelopeTo"]
        yield record["sourceIp"]
        for result in record["dkimResults"].values():
            yield result["domain"]
            yield result["selector"]
            yield result["humanResult"]
        for result in record["spfResults"].values():
            yield result["domain"]
            yield result["humanResult"]


def _record(record: Object) -> Object:
    return {
        "row": {
            "source_ip": record["sourceIp"],
            "count": record["count"],
            "policy_evaluated": {
                "disposition": words.DMARC_ACTION.get(record["evaluatedDisposition"], _UNKNOWN),
                "dkim": words.DMARC_RESULT.get(record["evaluatedDkim"], _UNKNOWN),
                "spf": words.DMARC_RESULT.get(record["evaluatedSpf"], _UNKNOWN),
                "reason": [
                    {"type_": words.OVERRIDE.get(it["overrideType"], "Other"), "comment": it["comment"]}
                    for it in in_order(record["policyOverrideReasons"])
                ],
            },
        },
        "identifiers": {
            "envelope_to": record["envelopeTo"],
            "envelope_from": record["envelopeFrom"],
            "header_from": record["headerFrom"],
        },
        "auth_results": {
            "dkim": [
                {
                    "domain": it["domain"],
                    "selector": it["selector"],
                    "result": words.DKIM_RESULT.get(it["result"], "None"),
                    "human_result": it["humanResult"],
                }
                for it in in_order(record["dkimResults"])
            ],
            "spf": [
                {
                    "domain": it["domain"],
                    "scope": words.SPF_SCOPE.get(it["scope"], _UNKNOWN),
                    "result": words.SPF_RESULT.get(it["result"], "None"),
                    "human_result": it["humanResult"],
                }
                for it in in_order(record["spfResults"])
            ],
        },
        "extensions": _extensions(record["extensions"]),
    }


def _extensions(extensions: Object) -> list[Object]:
    return [{"name": it["name"], "definition": it["definition"]} for it in in_order(extensions)]


def _failure_options(options: Object) -> str | None:
    held = members(options)
    return ":".join(sign for word, sign in words.FAILURE_OPTION.items() if word in held) or None


def _published_version(text: str | None) -> float | None:
    try:
        return _single(float(text or ""))
    except ValueError:
        return None


def _single(number: float) -> float | None:
    """The number as the old server printed it: single precision, widened; None for what JSON cannot hold (legacy-rest-api 1.10)."""
    try:
        (widened,) = struct.unpack("<f", struct.pack("<f", number))
    except OverflowError:
        return None
    return widened if math.isfinite(widened) else None
