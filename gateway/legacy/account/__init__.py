"""The caller's own account: secrets, second factor, encryption at rest (legacy-rest-api 2.14, mapping-principals 6.2, 6.4)."""

from dataclasses import replace

from gateway.legacy.account.crypto import change_encryption, encryption
from gateway.legacy.account.secrets import change_secrets, secrets_of_caller
from gateway.legacy.table import route
from gateway.legacy.vocabulary import does

ROUTES = (
    route("getAccountAuth", does(secrets_of_caller, "x:AccountPassword/get", "x:AppPassword/get")),
    route(
        "setAccountAuth",
        replace(does(change_secrets, "x:AccountPassword/set", "x:AppPassword/get", "x:AppPassword/set", "x:Account/set"), order="row"),
    ),
    route("getAccountCrypto", does(encryption, "x:AccountSettings/get", "x:PublicKey/get")),
    route(
        "setAccountCrypto",
        replace(does(change_encryption, "x:AccountSettings/get", "x:PublicKey/get", "x:PublicKey/set", "x:AccountSettings/set"), order="row"),
    ),
)
