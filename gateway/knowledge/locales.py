"""Locales that the new server knows (its enumeration `Locale`; list in `locales.txt`)."""

from importlib import resources

LOCALES = frozenset((resources.files("gateway.knowledge") / "locales.txt").read_text(encoding="utf-8").split())
"""Names such as `de_CH` and `ca_ES@valencia`."""
