"""Paths that need no account: start page, static files, discovery (jmap-management-api 4.6, 4.7)."""

from typing import TYPE_CHECKING

from aiohttp import web

from gateway.simulator.problems import json_answer, not_found, redirect

if TYPE_CHECKING:
    from gateway.simulator.errors import Object

_RESERVED = frozenset({"dav", "auth", "mail", "autodiscover"})
_SIGN_IN = (
    "<!DOCTYPE html><html lang=en><meta charset=utf-8><title>Sign in</title><form method=post>"
    "<input name=user autocomplete=username><input name=password type=password autocomplete=current-password><button>Sign in</button></form></html>"
)
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Accept, X-Requested-With",
    "Access-Control-Allow-Methods": "POST, GET, PATCH, PUT, DELETE, HEAD, OPTIONS",
}


def answer(first: str, rest: list[str]) -> web.Response:
    """What a path outside the APIs answers: the web applications live in folders, so a single name leads into one."""
    if first == "":
        return redirect(302, "/account")
    if first == "robots.txt" and not rest:
        return web.Response(body=b"User-agent: *\nDisallow: /\n", headers={"Content-Type": "text/plain"})
    if first == "login" and not rest:
        return web.Response(text=_SIGN_IN, content_type="text/html", charset="utf-8")
    if not rest and first not in _RESERVED:
        return redirect(302, f"/{first}/")
    raise not_found()


def discovery() -> web.Response:
    """OpenID discovery for an address: this server itself, with relative addresses, as none has a directory elsewhere."""
    document: Object = {
        "issuer": "",
        "authorization_endpoint": "/login",
        "token_endpoint": "/auth/token",
        "userinfo_endpoint": "/auth/userinfo",
        "jwks_uri": "/auth/jwks.json",
        "registration_endpoint": "/auth/register",
        "device_authorization_endpoint": "/auth/device",
        "scopes_supported": ["openid", "offline_access", *("urn:ietf:params:oauth:scope:" + what for what in ("mail", "contacts", "calendars"))],
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "grant_types_supported": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_post", "client_secret_basic"],
        "id_token_signing_alg_values_supported": [family + bits for family in ("RS", "ES", "PS", "HS") for bits in ("256", "384", "512") if family + bits != "ES512"],
        "claims_supported": ["sub", "name", "preferred_username", "email", "email_verified"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
    }
    return json_answer(document, _CORS)
