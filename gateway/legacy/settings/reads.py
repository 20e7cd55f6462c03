"""`GET /settings/group`, `/list` and `/keys` on the virtual map (legacy-rest-api 2.7, mapping-settings 1.2 to 1.4)."""

from bisect import bisect_left
from typing import Any

from gateway.legacy.exchange import Exchange
from gateway.legacy.paging import Window
from gateway.legacy.settings import own
from gateway.legacy.settings.demand import Demand, of_prefixes, with_keys
from gateway.legacy.settings.fetch import fetch
from gateway.legacy.settings.naming import Snapshot
from gateway.legacy.settings.remembered import Remembered, prune, recall
from gateway.legacy.settings.view import View, below, exact, view


async def group(exchange: Exchange) -> Any:
    """Records below a prefix, told apart by a suffix; without one the single keys."""
    query = exchange.query
    prefix = dotted(query.get("prefix", ""))
    texts = below(await _read(exchange, prefix), prefix)
    words = query.get("filter", "").lower()
    suffix = query.get("suffix", "")
    if suffix and texts:
        items = records(texts, suffix if suffix.startswith(".") else f".{suffix}", query.get("field"))
        items = [item for item in items if any(words in text.lower() for text in item.values())]
    else:
        items = [
            {"_id": key, "_value": text} for key, text in texts.items() if words in key.lower() or words in text.lower()
        ]
    return {"total": len(items), "items": list(_window(exchange).cut(items))}


async def listing(exchange: Exchange) -> Any:
    """Keys below a prefix, without it."""
    prefix = dotted(exchange.query.get("prefix", ""))
    texts = below(await _read(exchange, prefix), prefix)
    return {"total": len(texts), "items": dict(_window(exchange).cut(list(texts.items())))}


async def keys(exchange: Exchange) -> Any:
    """Exact keys, and everything below prefixes."""
    asked = _words(exchange.query.get("keys"))
    prefixes = [dotted(prefix) or "." for prefix in _words(exchange.query.get("prefixes"))]
    demand = of_prefixes(prefixes)
    listed = frozenset(demand.rows)
    known = with_keys(demand, asked)
    snapshot, remembered = await _fetch(exchange, demand)
    texts = view(demand.rows.values(), snapshot, remembered)
    shown = view([row for pattern, row in demand.rows.items() if pattern in listed], snapshot, remembered)
    return {
        **exact(texts, known),
        **{key: text for key, text in shown.items() if key.startswith(tuple(prefixes))},
        **await own.shown(exchange, asked, prefixes),
    }


def records(texts: View, suffix: str, field: str | None) -> list[dict[str, str]]:
    """One object per key that ends with the suffix: its id and all keys below it, or of them only `field`. The texts are in byte order of their keys."""
    keys = list(texts)
    items = []
    for name in [key.removesuffix(suffix) for key in keys if key.endswith(suffix) and key != suffix]:
        # Keys that begin alike stand together, and `/` is the sign behind the dot: thousands of records are told apart without a look at all keys for each.
        own = {key[len(name) + 1 :]: texts[key] for key in keys[bisect_left(keys, f"{name}.") : bisect_left(keys, f"{name}/")]}
        items.append({"_id": name, **{key: text for key, text in own.items() if field is None or key == field}})
    return items


def dotted(prefix: str) -> str:
    """A prefix with its final dot; an empty one stays empty."""
    return prefix if not prefix or prefix.endswith(".") else f"{prefix}."


async def _read(exchange: Exchange, prefix: str) -> View:
    demand = of_prefixes([prefix])
    snapshot, remembered = await _fetch(exchange, demand)
    texts = {**view(demand.rows.values(), snapshot, remembered), **await own.shown(exchange, (), [prefix])}
    return {key: texts[key] for key in sorted(texts)}


async def _fetch(exchange: Exchange, demand: Demand) -> tuple[Snapshot, Remembered]:
    """Objects of a demand and the record ids that are remembered of them."""
    remembered = await recall(exchange.memory, demand)
    snapshot = await fetch(exchange.caller, demand, exchange.settings.get_page)
    await prune(exchange, demand, snapshot, remembered)
    return snapshot, remembered


def _window(exchange: Exchange) -> Window:
    return Window.of({name: value for name, value in exchange.query.items() if name in {"page", "limit"}})


def _words(text: str | None) -> list[str]:
    return text.split(",") if text else []
