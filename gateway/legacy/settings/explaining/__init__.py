"""What became of old settings: object, property and value of the new server, or why there is none; nothing is asked of a server."""

from gateway.legacy.settings.explaining.explain import Access, Explained, explain, explain_all, other_defaults
from gateway.legacy.settings.explaining.gathering import gather, roles_of
from gateway.legacy.settings.explaining.values import ABSENT

__all__ = ["ABSENT", "Access", "Explained", "explain", "explain_all", "gather", "other_defaults", "roles_of"]
