"""What the filters of received reports look at (jmap-management-api 3.18): the texts behind `text`, and the two totals."""

from collections.abc import Callable, Iterator
from typing import Any

from gateway.simulator.reports.messages import ARF, DMARC, TLS


def texts(name: str, stored: dict[str, Any]) -> Iterator[str]:
    """Texts under whose words a stored report of the object type `name` is found: who sent it, and the domains and addresses it is about."""
    yield stored["from"]
    yield from (text for text in _TEXTS[name](stored["report"]) if text)


def totals(name: str, stored: dict[str, Any]) -> tuple[int, int]:
    """`totalSuccessfulSessions` and `totalFailedSessions` as the server counts them, which is not what the report sums up to.

    DMARC counts records, TLS policies, each at most once; a complaint counts its incidents, as a success.
    """
    report = stored["report"]
    if name == ARF:
        return report["incidents"], 0
    if name == TLS:
        policies = report["policies"].values()
        return sum(policy["totalSuccessfulSessions"] > 0 for policy in policies), sum(policy["totalFailedSessions"] > 0 for policy in policies)
    counted = [record["evaluatedDisposition"] for record in report["records"].values() if record["count"]]
    return counted.count("pass"), len(counted) - counted.count("pass")


def _dmarc(report: dict[str, Any]) -> Iterator[str | None]:
    yield report["email"]
    yield report["policyDomain"]
    for record in report["records"].values():
        yield from (record["envelopeFrom"], record["envelopeTo"], record["headerFrom"])
        yield from (result["domain"] for result in record["dkimResults"].values())
        yield from (result["domain"] for result in record["spfResults"].values())


def _tls(report: dict[str, Any]) -> Iterator[str | None]:
    for policy in report["policies"].values():
        yield policy["policyDomain"]
        yield from policy["mxHosts"]
        yield from (failure["receivingMxHostname"] for failure in policy["failureDetails"].values())


def _arf(report: dict[str, Any]) -> Iterator[str | None]:
    yield from report["reportedDomains"]
    yield from (report["dkimDomain"], report["reportingMta"], report["originalMailFrom"], report["originalRcptTo"])


_TEXTS: dict[str, Callable[[dict[str, Any]], Iterator[str | None]]] = {DMARC: _dmarc, TLS: _tls, ARF: _arf}
