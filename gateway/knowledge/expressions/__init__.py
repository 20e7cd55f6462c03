"""Expressions of the old settings, as chains of keys, and the match lists of the new server, both ways (mapping-settings 1.8, 6.3, 6.4)."""

from gateway.knowledge.expressions.chains import Incomplete, read, write
from gateway.knowledge.expressions.dialect import Untranslatable, tokens

__all__ = ["Incomplete", "Untranslatable", "read", "tokens", "write"]
