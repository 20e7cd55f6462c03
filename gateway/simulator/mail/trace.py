"""Header fields that the server writes at the head of a message (recordings `blobs.download`)."""

from gateway.simulator.mail import spam_tags
from gateway.simulator.mail.facts import Accepted
from gateway.simulator.mail.spam_scores import Weights, judge
from gateway.simulator.mail.spam_tags import Letter
from gateway.simulator.mail.surroundings import Surroundings

_OF_THE_ACTION_ONLY = "X_HDR_"


def spam_result(fact: Accepted, weights: Weights, surroundings: Surroundings) -> bytes:
    """Tags with their scores and the verdict; nothing for a message without a header."""
    letter = Letter(fact.data, fact.return_path, tuple(map(str, fact.recipients)), fact.helo, fact.remote_ip, tls=False)
    try:
        found = {tag for tag in spam_tags.find(letter, surroundings) if not tag.startswith(_OF_THE_ACTION_ONLY)}
    except spam_tags.Unreadable:
        return b""
    verdict = judge(found, weights)
    tags = ",\r\n\t".join(f"{tag} ({rule.get('score', 0.0) if rule else 0.0:.2f})" for tag, rule in verdict.rules.items())
    return f"X-Spam-Result: {tags}\r\nX-Spam-Score: {verdict.result}, score={verdict.score:.2f}\r\n".encode()


def delivered(address: str) -> bytes:
    """Fields written when a message is put into a mailbox."""
    return f"Delivered-To: {address}\r\nX-Spam-Status: No\r\n".encode()
