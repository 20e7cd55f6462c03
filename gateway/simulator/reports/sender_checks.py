"""Who a mail says it is from, and whether that holds: SPF (RFC 7208) and DMARC (RFC 9989) as far as made-up surroundings need them.

Look-ups go through a function from a name to its TXT record, None where there is none. Signatures are not checked: nobody out there signs.
"""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass

Texts = Callable[[str], str | None]

MOST_LABELS = 7

_QUALIFIERS = {"+": "pass", "-": "fail", "~": "softFail", "?": "neutral"}
_ALIGNMENTS = {"r": "relaxed", "s": "strict"}
_FAILURE_OPTIONS = {"0": "all", "1": "any", "d": "dkimFailure", "s": "spfFailure"}
_DISPOSITIONS = frozenset({"none", "quarantine", "reject"})


@dataclass(frozen=True, slots=True)
class Policy:
    """A DMARC record and the domain that publishes it; words are those of the new API."""

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
    """What checking a mail gave: the policy that holds, SPF of both identities, and whether DMARC is met."""

    policy: Policy
    header_from: str
    envelope_from: str
    helo: str
    helo_result: str
    sender_result: str
    spf_aligned: bool

    @property
    def disposition(self) -> str:
        """What the record asks for: `pass` when DMARC is met, else the policy for this domain."""
        if self.spf_aligned:
            return "pass"
        return self.policy.disposition if self.header_from == self.policy.domain else self.policy.subdomains


def check(header_from: str, return_path_domain: str, helo: str, remote_ip: str, texts: Texts) -> Verdict | None:
    """Verdict on a mail whose From names that domain; None when no policy is published for it. A null sender is checked by its HELO name."""
    policy = policy_of(header_from, texts)
    if policy is None:
        return None
    sender = return_path_domain or helo
    result = spf(sender, remote_ip, texts)
    return Verdict(
        policy=policy,
        header_from=header_from,
        envelope_from=return_path_domain,
        helo=helo,
        helo_result=spf(helo, remote_ip, texts),
        sender_result=result,
        spf_aligned=result == "pass" and _aligned(sender, header_from, policy, texts),
    )


def policy_of(domain: str, texts: Texts) -> Policy | None:
    """The DMARC policy that holds for a domain: its own record or that of the nearest domain above it."""
    labels = domain.split(".")
    for start in (0, *range(max(1, len(labels) - MOST_LABELS), len(labels))):
        above = ".".join(labels[start:])
        record = texts(f"_dmarc.{above}")
        if record and (tags := _tags(record)).get("v") == "DMARC1":
            return _policy(above, record, tags)
    return None


def spf(domain: str, remote_ip: str, texts: Texts) -> str:
    """SPF result of a domain for a client: `none` without a record, `neutral` when nothing in it matches. Knows ip4, ip6 and all."""
    record = texts(domain) or ""
    client = ipaddress.ip_address(remote_ip)
    version, *terms = record.split()[:20] or [""]
    if version.lower() != "v=spf1":
        return "none"
    for term in terms:
        qualifier, mechanism = (term[0], term[1:]) if term[0] in _QUALIFIERS else ("+", term)
        kind, _, value = mechanism.partition(":")
        if kind.lower() == "all" or (kind.lower() in {"ip4", "ip6"} and _within(client, value)):
            return _QUALIFIERS[qualifier]
    return "neutral"


def rua(uris: str) -> tuple[str, ...]:
    """The URIs of a comma list without their size limits."""
    return tuple(uri.strip().partition("!")[0] for uri in uris.split(",") if uri.strip())


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
        rua=tuple(uri.removeprefix("mailto:") for uri in rua(tags.get("rua", "")) if uri.startswith("mailto:")),
    )


def _disposition(word: str | None, default: str) -> str:
    return word if word in _DISPOSITIONS else default


def _tags(record: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip(): value.strip() for name, sign, value in pairs if sign}


def _aligned(sender: str, header_from: str, policy: Policy, texts: Texts) -> bool:
    if sender == header_from:
        return True
    above = policy_of(sender, texts)
    return policy.aspf == "relaxed" and above is not None and above.domain == policy.domain


def _within(client: ipaddress.IPv4Address | ipaddress.IPv6Address, network: str) -> bool:
    try:
        return client in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
