"""OAuth, OpenID Connect and well-known documents, which the new server has under the same paths (legacy-rest-api 2.17)."""

from gateway.legacy.table import route
from gateway.legacy.vocabulary import passed_on

ROUTES = (
    route("requestDeviceCode", passed_on()),
    route("requestToken", passed_on()),
    route("introspectToken", passed_on()),
    route("getUserinfo", passed_on()),
    route("registerClient", passed_on()),
    route("getJwks", passed_on()),
    route("getOauthMetadata", passed_on()),
    route("getOpenidConfiguration", passed_on()),
)
