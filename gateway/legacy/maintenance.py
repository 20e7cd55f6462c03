"""Care of the server itself (legacy-rest-api 2.9, mapping-operations 10)."""

from gateway.legacy.table import route
from gateway.legacy.vocabulary import refused

ROUTES = (route("restart", refused("Restart is not yet supported")),)
