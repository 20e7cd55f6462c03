"""ClassifySpam: tags of a message and the verdict on it (jmap-management-api 3.16, recordings `actions.spam`)."""

from gateway.simulator.errors import Object, SetError
from gateway.simulator.mail import spam_tags
from gateway.simulator.mail.spam_scores import Weights, judge
from gateway.simulator.mail.spam_tags import Letter
from gateway.simulator.mail.surroundings import Surroundings

UNREADABLE = "Failed to parse the message for spam classification"


def classify(given: Object, weights: Weights, surroundings: Surroundings, now: int) -> Object:
    """Result for the checked properties of the action at `now` (unix seconds)."""
    letter = Letter(
        data=given["message"].encode(),
        env_from=given["envFrom"],
        env_rcpt=tuple(given["envRcptTo"]),
        helo=given["ehloDomain"],
        remote_ip=given["remoteIp"],
        tls=given["isTls"],
        authenticated=given["authenticatedAs"] is not None,
        now=now,
    )
    try:
        found = spam_tags.find(letter, surroundings)
    except spam_tags.Unreadable:
        raise SetError("invalidProperties", UNREADABLE, properties=["message"]) from None
    verdict = judge(found, weights)
    return {"score": verdict.score, "tags": {tag: _shown(rule) for tag, rule in verdict.rules.items()}, "result": verdict.result}


def _shown(rule: Object | None) -> Object:
    """A tag without a rule is shown like one that rejects, but does not."""
    kind = "Reject" if rule is None else rule["@type"]
    return {"score": float(rule["score"]) if rule and kind == "Score" else 0.0, "disposition": kind.lower()}
