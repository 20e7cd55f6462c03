"""Which tags reject a message (mapping-operations 6.3): the new server says so of every tag that has no score."""

import re
from collections.abc import Callable

from gateway.jmap.calls import BY_ID, Query
from gateway.jmap.errors import MethodError
from gateway.legacy.exchange import Exchange
from gateway.legacy.paging import find

KEPT_SECONDS = 300.0
PAGE = 500

_KIND = "rejecting spam tags"


async def rejecting(exchange: Exchange) -> Callable[[str], bool]:
    """Whether a tag is one that rejects: those of the settings, else those that the new server has; none for a caller who may not see them."""
    patterns = exchange.settings.spam_reject_tags
    if patterns is None:
        patterns = exchange.caller.recall(_KIND)
    if patterns is None:
        edition = exchange.caller.edition(_KIND)
        patterns = await _configured(exchange)
        exchange.caller.keep(_KIND, patterns, edition, KEPT_SECONDS)
    matches = re.compile("|".join(map(_expression, patterns)) or "(?!)").fullmatch
    return lambda tag: matches(tag) is not None


async def _configured(exchange: Exchange) -> list[str]:
    query, names = Query("SpamTag", [BY_ID], PAGE), list[str]()
    while True:
        try:
            (page,) = await find(exchange.caller, [query])
        except MethodError as error:
            if error.type == "forbidden":
                return []
            raise
        names += [it["tag"] for it in page.objects if it["@type"] == "Reject"]
        query = Query(query.type, query.sort, PAGE, position=query.position + PAGE)
        if query.position >= page.total:
            return names


def _expression(pattern: str) -> str:
    """A tag as a regular expression; `*` stands for anything."""
    return ".*".join(map(re.escape, pattern.split("*")))
