"""Operations that are in the contract but not served yet."""

from gateway.legacy.table import route
from gateway.legacy.vocabulary import pending

_OPERATIONS = (
    "getDnsRecords",
    "createDkim",
    "getDkim",
)

ROUTES = tuple(route(operation, pending()) for operation in _OPERATIONS)
