"""Signing keys of domains (legacy-rest-api 2.6, mapping-principals 6.5). `signatures` holds the rows, `ids` which signature an old id means, `keys` makes keys."""

from gateway.legacy.dkim.signatures import create_signature, public_key
from gateway.legacy.table import route
from gateway.legacy.vocabulary import does

_QUERY, _GET = "x:DkimSignature/query", "x:DkimSignature/get"

ROUTES = (
    route("createDkim", does(create_signature, _QUERY, _GET, "x:DkimSignature/set")),
    route("getDkim", does(public_key, _QUERY, _GET)),
)
