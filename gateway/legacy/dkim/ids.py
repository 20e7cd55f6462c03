"""Old ids of signatures: those that clients chose, and those that follow from algorithm and domain (mapping-principals 6.5, mapping-settings 4.3)."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.jmap.calls import Object
from gateway.legacy.principal.context import Context, Domain

SIGNATURE = "DkimSignature"

WORDS: Mapping[str, str] = {
    "Dkim1RsaSha256": "rsa",
    "Dkim1Ed25519Sha256": "ed25519",
    "Dkim2RsaSha256": "rsa",
    "Dkim2Ed25519Sha256": "ed25519",
}
"""First word of a derived id by type of the signature."""


@dataclass(frozen=True, slots=True)
class Meant:
    """What a derived id says: the word of the algorithm, the domain, and the selector where several signatures have the same id."""

    word: str
    domain: Domain
    selector: str | None

    def means(self, signature: Object) -> bool:
        """Whether a signature of the domain has the id, unless it has one of its own; `selector` of the signature only counts where the id has one."""
        return WORDS.get(signature["@type"]) == self.word and self.selector in {None, signature.get("selector")}


def derived(word: str, domain: Domain) -> str:
    """The id of a signature that has none of its own."""
    return f"{word}-{domain.name}"


def meant(id_: str, context: Context) -> Meant | None:
    """What an id says when no signature was given it; None when it has another form, or names no domain."""
    word, _, rest = id_.partition("-")
    if word not in WORDS.values():
        return None
    names = {domain.name: domain for domain in context.domains.values()}
    if rest in names:
        return Meant(word, names[rest], None)
    longest = max((name for name in names if rest.startswith(f"{name}-")), key=len, default=None)
    return Meant(word, names[longest], rest[len(longest) + 1 :]) if longest else None
