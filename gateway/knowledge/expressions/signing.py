"""Which keys sign: lists of signature ids in the old settings, a domain on the new server (mapping-settings 6.4)."""

import re

from gateway.knowledge.expressions.dialect import Untranslatable, legacy, literal, modern, tokens

_ALGORITHMS = ("rsa-", "ed25519-")
_NEVER = "false"
_PREFIXED = re.compile(r"""(['"])(?:rsa-|ed25519-)\1\s*\+\s*(?P<domain>.+)""", re.ASCII | re.DOTALL)


def signatures(domain: str) -> str:
    """The two ids that old servers made for each domain, as an expression."""
    if domain.strip() == _NEVER:
        return _NEVER
    spoken = legacy(domain)
    return "[" + ", ".join(f"'{algorithm}' + {spoken}" for algorithm in _ALGORITHMS) + "]"


def domain_of(signed: str, words: str) -> str:
    """The domain whose keys an old result names; Untranslatable unless all of them are of one domain and have their usual ids."""
    text = signed.strip()
    if text == _NEVER:
        return _NEVER
    domains = {_domain(item) for item in _items(text)}
    if len(domains) != 1 or None in domains:
        raise Untranslatable(f'signature list "{text}" cannot be expressed as a signing domain')
    return modern(str(domains.pop()), words)


def _domain(item: str) -> str | None:
    name = literal(item)
    if name is not None:
        domain = next((name.removeprefix(algorithm) for algorithm in _ALGORITHMS if name.startswith(algorithm)), "")
        return f"'{domain}'" if "." in domain else None
    match = _PREFIXED.fullmatch(item.strip())
    return match["domain"].strip() if match else None


def _items(text: str) -> list[str]:
    """Elements of a list, or the text itself."""
    pieces = list(tokens(text))
    if not (pieces[:1] == [("other", "[")] and pieces[-1:] == [("other", "]")]):
        return [text]
    items = [""]
    depth = 0
    for _kind, piece in pieces[1:-1]:
        depth += (piece in {"(", "["}) - (piece in {")", "]"})
        if piece == "," and depth == 0:
            items.append("")
        else:
            items[-1] += piece
    return items
