"""Operations that are in the contract but not served yet."""

from gateway.legacy.table import route
from gateway.legacy.vocabulary import pending

_OPERATIONS = (
    "getDnsRecords",
    "createDkim",
    "getDkim",
    "trainSpamFilter",
    "trainSpamFilterOfAccount",
    "uploadSpamSample",
    "uploadSpamSampleOfAccount",
    "controlSpamTraining",
    "classifyMessage",
    "authorizeOauth",
    "getAccountCrypto",
    "setAccountCrypto",
    "getAccountAuth",
    "setAccountAuth",
    "getTroubleshootToken",
    "troubleshootDelivery",
    "troubleshootDmarc",
)

ROUTES = tuple(route(operation, pending()) for operation in _OPERATIONS)
