"""Parameters of bulk calls: what the old server silently ignored would widen the call, so it is refused (mapping-operations 2.7)."""

from collections.abc import Container

from gateway.knowledge.ids import decimal
from gateway.legacy.exchange import Exchange
from gateway.legacy.refusals import Unsupported

PAGE_NUMBERS = ("page", "limit", "max-total")
RANGE_NUMBERS = ("range-start", "range-end")


def insist(exchange: Exchange, to: str, *, texts: Container[str], numbers: Container[str]) -> None:
    """Refuse parameters that are not known, and numbers that are none; `to` is what the call would do, for the text."""
    for name, value in exchange.query.items():
        if name in numbers:
            if decimal(value) is None:
                raise doubtful(name, "must be a number", to)
        elif name not in texts and exchange.settings.bulk_unknown_params == "refuse":
            raise Unsupported(f"Unknown parameter '{name}'; refusing to {to} without it")


def doubtful(name: str, why: str, to: str) -> Unsupported:
    """Refusal of a parameter that cannot be taken at its word."""
    return Unsupported(f"Parameter '{name}' {why}; refusing to {to} without it")


def search_text(exchange: Exchange) -> str:
    """The parameter `filter`, under which an old WebAdmin sends what its user searched for; the old server ignored it."""
    return exchange.query.get("filter", "") if exchange.settings.bulk_filter_param == "as-text" else ""
