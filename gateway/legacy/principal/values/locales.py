"""Locales as clients write them (mapping-principals 2.15)."""

from gateway.knowledge.locales import LOCALES
from gateway.legacy.principal.reading import DEFAULT_LOCALE
from gateway.legacy.principal.reading import LOCALES as SHORT
from gateway.legacy.refusals import Unsupported


def locale(text: str) -> str:
    """Name on the new server of a locale that a client wrote, the default for an empty text; Unsupported when it has none."""
    name = SHORT.get(text) or text.replace("-", "_") or DEFAULT_LOCALE
    if name not in LOCALES:
        raise Unsupported(f'Locale "{text}" is not available in Stalwart 0.16')
    return name
