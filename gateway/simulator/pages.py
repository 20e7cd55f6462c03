"""Paths that need no account: start page, static files, discovery (jmap-management-api 4.6, 4.7)."""

from aiohttp import web

from gateway.simulator.oauth.metadata import openid_configuration
from gateway.simulator.problems import CORS, json_answer, not_found, redirect

_RESERVED = frozenset({"dav", "auth", "mail", "autodiscover"})
_SIGN_IN = (
    "<!DOCTYPE html><html lang=en><meta charset=utf-8><title>Sign in</title><form method=post>"
    "<input name=user autocomplete=username><input name=password type=password autocomplete=current-password><button>Sign in</button></form></html>"
)


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
    return json_answer(openid_configuration(""), CORS)
