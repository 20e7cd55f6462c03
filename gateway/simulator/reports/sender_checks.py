"""What DMARC says about an accepted mail, with the details that an aggregate report lists (RFC 9989, RFC 9990).

Signatures play no part: nobody in the made-up surroundings signs with a key that can be found.
"""

from dataclasses import dataclass

from gateway.simulator.mail import authentication
from gateway.simulator.mail.surroundings import NameFailure, Surroundings

_ALIGNMENTS = {"r": "relaxed", "s": "strict"}
_FAILURE_OPTIONS = {"0": "all", "1": "any", "d": "dkimFailure", "s": "spfFailure"}
_DISPOSITIONS = frozenset({"none", "quarantine", "reject"})


@dataclass(frozen=True, slots=True)
class Policy:
    """A DMARC record and the domain that publishes it; words are those of the new API, `rua` plain addresses."""

    domain: str
    record: str
    adkim: str
    aspf: str
    disposition: str
    subdomains: str
    absent: str
    testing: bool
    failures: tuple[str, ...]
    rua: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The policy that holds for a mail, SPF of both identities, and whether an aligned identity passed."""

    policy: Policy
    header_from: str
    envelope_from: str
    helo: str
    helo_result: str
    sender_result: str
    aligned: bool

    @property
    def disposition(self) -> str:
        """What the record asks for: `pass` when DMARC is met, else the policy for this domain."""
        if self.aligned:
            return "pass"
        return self.policy.disposition if self.header_from == self.policy.domain else self.policy.subdomains


def check(author: str, sender: str, helo: str, remote_ip: str, surroundings: Surroundings) -> Verdict | None:
    """Verdict on a mail of the domain `author`; None when no policy is published for it.

    `sender` is the domain of the return path; the null sender (empty) is checked by its HELO name.
    """
    policy = policy_of(author, surroundings)
    if policy is None:
        return None
    result = _spf(sender or helo, remote_ip, surroundings)
    return Verdict(
        policy=policy,
        header_from=author,
        envelope_from=sender,
        helo=helo,
        helo_result=_spf(helo, remote_ip, surroundings),
        sender_result=result,
        aligned=result == "pass" and _aligned(sender or helo, author, policy.aspf),
    )


def policy_of(domain: str, surroundings: Surroundings) -> Policy | None:
    """The DMARC policy that holds for a domain: its own record or that of the organisation it belongs to."""
    for publisher in (domain, authentication.organisation(domain)):
        try:
            record = surroundings.text(f"_dmarc.{publisher}")
        except NameFailure:
            return None
        if record and (tags := _tags(record)).get("v") == "DMARC1":
            return _policy(publisher, record, tags)
    return None


def report_uris(value: str) -> tuple[str, ...]:
    """The URIs of a `rua` list without their size limits."""
    return tuple(uri.strip().partition("!")[0] for uri in value.split(",") if uri.strip())


def _policy(domain: str, record: str, tags: dict[str, str]) -> Policy:
    disposition = _disposition(tags.get("p"), "none")
    subdomains = _disposition(tags.get("sp"), disposition)
    return Policy(
        domain=domain,
        record=record,
        adkim=_ALIGNMENTS.get(tags.get("adkim", "r"), "relaxed"),
        aspf=_ALIGNMENTS.get(tags.get("aspf", "r"), "relaxed"),
        disposition=disposition,
        subdomains=subdomains,
        absent=_disposition(tags.get("np"), subdomains),
        testing=tags.get("t") == "y",
        failures=tuple(_FAILURE_OPTIONS[option] for option in tags.get("fo", "0").split(":") if option in _FAILURE_OPTIONS),
        rua=tuple(uri.removeprefix("mailto:") for uri in report_uris(tags.get("rua", "")) if uri.startswith("mailto:")),
    )


def _spf(domain: str, remote_ip: str, surroundings: Surroundings) -> str:
    """SPF outcome as a word of the new API: `softFail` for `SoftFail`."""
    kind = str(authentication.spf(domain, remote_ip, surroundings)["@type"])
    return kind[:1].lower() + kind[1:]


def _aligned(sender: str, author: str, mode: str) -> bool:
    return sender == author or (mode == "relaxed" and authentication.organisation(sender) == authentication.organisation(author))


def _disposition(word: str | None, default: str) -> str:
    return word if word in _DISPOSITIONS else default


def _tags(record: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip(): value.strip() for name, sign, value in pairs if sign}
