"""Session discovery: limits and paths of the new server, and who the caller is there (RFC 8620 2, jmap-management-api 1.2, 4.2)."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from yarl import URL

from gateway.jmap.errors import Garbled

SESSION_PATH = "/jmap/session"
ACCOUNT_PATH = "/api/account"
LOGIN_PATH = "/api/auth"
ENTERPRISE = "enterprise"
"""The edition that has every feature; the others are `oss` and `community`."""

_CORE = "urn:ietf:params:jmap:core"
_OWN = "urn:stalwart:jmap"
_PLACE = re.compile(r"\{(\w+)\}", re.ASCII)
_TARGET = re.compile(r"(?:https?://[^/]+)?(/[!-~]*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """What one request may hold; the defaults are those of a server whose session was not read yet (jmap-management-api 1.6)."""

    calls: int = 16
    objects_in_get: int = 500
    objects_in_set: int = 500
    concurrent_requests: int = 4
    request_bytes: int = 10_000_000
    upload_bytes: int = 50_000_000
    concurrent_uploads: int = 4


@dataclass(frozen=True, slots=True)
class Session:
    """A session object reduced to what the gateway uses. `account` and `username` are empty without credentials.

    `api` is a path; `download` (`{accountId}`, `{blobId}`, `{name}`, `{type}`) and `upload` (`{accountId}`) are templates of path
    and query. Hosts of the session are the server's public names and are never followed.
    """

    limits: ServerLimits = ServerLimits()
    account: str = ""
    username: str = ""
    api: str = "/jmap/"
    download: str = "/jmap/download/{accountId}/{blobId}/{name}?accept={type}"
    upload: str = "/jmap/upload/{accountId}/"

    def download_of(self, blob_id: str) -> str:
        """Raw path and query of a content under the own account, as plain bytes; which account is named does not matter (jmap-management-api 1.1)."""
        values = {"accountId": self.account, "blobId": blob_id, "name": "blob", "type": "application/octet-stream"}
        return _PLACE.sub(lambda place: quote(values.get(place[1], ""), safe=""), self.download)


@dataclass(frozen=True, slots=True)
class Account:
    """The caller as the new server sees it (jmap-management-api 4.2): names of new permissions, `oss`/`community`/`enterprise`, locale."""

    permissions: frozenset[str]
    edition: str
    locale: str


def base_url(text: str) -> URL:
    """The configured address of the new server without a trailing slash; ValueError when it is not plain `http(s)://host[:port][/path]`."""
    url = URL(text)
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError("the upstream must be a URL such as http://127.0.0.1:8080")
    if url.user is not None or url.password is not None or url.query_string or url.fragment:
        raise ValueError("the upstream URL must hold neither a login nor a query")
    return url.with_path(url.raw_path.rstrip("/"), encoded=True)


def session_of(document: Any) -> Session:
    """Session of a session object; Garbled unless it has the core capability, as every Stalwart answers."""
    core = _member(_member(document, "capabilities"), _CORE)
    if not isinstance(core, dict):
        raise Garbled("no session object")
    plain, primary = Session(), _member(document, "primaryAccounts")
    return Session(
        limits=_limits(core),
        account=_text(_member(primary, _OWN), ""),
        username=_text(document.get("username"), ""),
        api=_path(document.get("apiUrl"), plain.api),
        download=_path(document.get("downloadUrl"), plain.download),
        upload=_path(document.get("uploadUrl"), plain.upload),
    )


def account_of(document: Any) -> Account:
    """Account of a `GET /api/account` answer; Garbled when its permissions are no list of names."""
    names = _member(document, "permissions")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Garbled("no account object")
    return Account(frozenset(names), _text(document.get("edition"), "oss"), _text(document.get("locale"), "en_US"))


def _limits(core: dict[str, Any]) -> ServerLimits:
    plain = ServerLimits()
    return ServerLimits(
        calls=_count(core, "maxCallsInRequest", plain.calls),
        objects_in_get=_count(core, "maxObjectsInGet", plain.objects_in_get),
        objects_in_set=_count(core, "maxObjectsInSet", plain.objects_in_set),
        concurrent_requests=_count(core, "maxConcurrentRequests", plain.concurrent_requests),
        request_bytes=_count(core, "maxSizeRequest", plain.request_bytes),
        upload_bytes=_count(core, "maxSizeUpload", plain.upload_bytes),
        concurrent_uploads=_count(core, "maxConcurrentUpload", plain.concurrent_uploads),
    )


def _count(core: dict[str, Any], name: str, otherwise: int) -> int:
    value = core.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else otherwise


def _member(document: Any, name: str) -> Any:
    return document.get(name) if isinstance(document, dict) else None


def _text(value: Any, otherwise: str) -> str:
    return value if isinstance(value, str) else otherwise


def _path(url: Any, otherwise: str) -> str:
    """Path and query of a URL, which in recovery mode is a bare path."""
    match = _TARGET.fullmatch(url) if isinstance(url, str) else None
    return match[1] if match else otherwise
