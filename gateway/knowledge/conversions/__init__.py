"""Values of the new server's settings and the texts of the old keys, both ways; checked against the map of settings when imported."""

from gateway.knowledge.conversions.forms import IN_CONTEXT, check, conversion
from gateway.knowledge.conversions.texts import MASK, has_macro, read_auth, write_auth
from gateway.knowledge.conversions.values import Conversion, Invalid, Many, Scalar
from gateway.knowledge.conversions.words import Variant
from gateway.knowledge.settings_map import SETTINGS

__all__ = ["IN_CONTEXT", "MASK", "Conversion", "Invalid", "Many", "Scalar", "Variant", "conversion", "has_macro", "read_auth", "write_auth"]

check(SETTINGS.rows)
