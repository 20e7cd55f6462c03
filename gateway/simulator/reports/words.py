"""The word index behind the `text` filter of received reports (jmap-management-api 2.4.1, 3.18).

A text is split at everything that is neither letter nor digit, words of one byte are dropped, the rest is lower-cased. A search asks
for whole words. It has the recorded server's defect: words at the beginning that occur nowhere are ignored.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from gateway.simulator.reports.messages import ARF, DMARC, TLS

_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """Words of a text in order, repeated ones too."""
    return [word.lower() for word in _WORD.findall(text) if len(word.encode()) > 1]


def indexed(name: str, stored: dict[str, Any]) -> frozenset[str]:
    """Words under which a stored report of the object type `name` is found."""
    texts = [stored["from"], *_TEXTS[name](stored["report"])]
    return frozenset(word for text in texts if text for word in words(text))


def search(text: str, index: Iterable[tuple[str, frozenset[str]]]) -> set[str]:
    """Ids of the entries (id, words) that a search finds; a text without words finds nothing."""
    entries = list(index)
    found: set[str] = set()
    for word in words(text):
        matching = {id_ for id_, known in entries if word in known}
        if not found:
            found = matching
        else:
            found &= matching
            if not found:
                break
    return found


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
