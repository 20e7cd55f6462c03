"""What a server tells about its OAuth endpoints (jmap-management-api 4.6; recordings `oauth.wellknown`, `health.discover`)."""

from gateway.simulator.errors import Object

SCOPES = ["openid", "offline_access", *("urn:ietf:params:oauth:scope:" + what for what in ("mail", "contacts", "calendars"))]
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"

_GRANTS = ["authorization_code", "refresh_token", DEVICE_GRANT]
_CLIENT_METHODS = ["none", "client_secret_post", "client_secret_basic"]
_ID_TOKENS = [family + bits for family in ("RS", "ES", "PS", "HS") for bits in ("256", "384", "512") if family + bits != "ES512"]


def openid_configuration(base: str) -> Object:
    """The document of OpenID discovery for a server at `base`; with "" its addresses are relative."""
    return {
        "issuer": base,
        "authorization_endpoint": base + "/login",
        "token_endpoint": base + "/auth/token",
        "userinfo_endpoint": base + "/auth/userinfo",
        "jwks_uri": base + "/auth/jwks.json",
        "registration_endpoint": base + "/auth/register",
        "device_authorization_endpoint": base + "/auth/device",
        "scopes_supported": SCOPES,
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "grant_types_supported": _GRANTS,
        "token_endpoint_auth_methods_supported": _CLIENT_METHODS,
        "id_token_signing_alg_values_supported": _ID_TOKENS,
        "claims_supported": ["sub", "name", "preferred_username", "email", "email_verified"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
    }


def authorization_server(base: str) -> Object:
    """Metadata of the authorization server (RFC 8414)."""
    return {
        "issuer": base,
        "token_endpoint": base + "/auth/token",
        "authorization_endpoint": base + "/login",
        "device_authorization_endpoint": base + "/auth/device",
        "registration_endpoint": base + "/auth/register",
        "introspection_endpoint": base + "/auth/introspect",
        "grant_types_supported": _GRANTS,
        "response_types_supported": ["code"],
        "scopes_supported": SCOPES,
        "token_endpoint_auth_methods_supported": _CLIENT_METHODS,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
    }


def protected_resource(base: str) -> Object:
    """Metadata of the protected resource (RFC 9728)."""
    return {"resource": base, "authorization_servers": [base], "scopes_supported": SCOPES, "bearer_methods_supported": ["header"]}
