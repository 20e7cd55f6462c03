"""The whole configuration: one model, filled from flags, environment (`GATEWAY_…`) and a TOML file, validated at start."""

import base64
import difflib
import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

PREFIX = "GATEWAY_"
NOT_SETTINGS = frozenset({"GATEWAY_CONFIG", "GATEWAY_CHECK_USER", "GATEWAY_TEST_UPSTREAM"})
HIGHEST_PORT = 65_535
SHORTEST_KEY = 32

_MAY_HOLD_SECRETS = frozenset({"state", "state_key", "service_credential"})

CommaList = Annotated[list[str], NoDecode]
Mode = Literal["enforce", "report", "off"]
NameStyle = Literal["remembered", "full", "short-default"]
LegacyVersion = Literal["union", "0.11", "0.15"]


class Limits(BaseModel):
    """Bounds on what one client may cost."""

    concurrency: int = Field(4, ge=1, description="requests of one account under way upstream at once; the new server refuses the fifth")
    queue: int = Field(64, ge=0, description="further requests of one account that may wait for a free slot")
    queue_seconds: float = Field(10, gt=0, description="how long a request waits for a slot before 503")
    body_bytes: int = Field(1_048_576, ge=1024, description="largest body of an ordinary request; more counts as no body, as in the old server")
    header_bytes: int = Field(16_384, ge=1024, description="largest header line")
    path_bytes: int = Field(8_192, ge=256, description="longest request line")
    list_depth: int = Field(32, ge=4, description="deepest nesting of a JSON body")
    connections: int = Field(100, ge=1, description="connections to the new server; as many again for passed-through requests and streams")
    streams: int = Field(256, ge=1, description="live streams of the old API at once; more are answered 503")
    upload_bytes: int = Field(1_048_576, ge=1024, description="largest message for the training of the spam filter; more is refused as one that cannot be read, as by the old server")
    client_requests: int = Field(256, ge=1, description="requests of one client address under way at once; more are answered 429")
    client_streams: int = Field(50, ge=1, description="passed-through requests and streams of one client address under way at once, which count as its requests too; more are answered 429; a web mail server that holds a stream for each of its users needs as many, and `connections` to match")
    logins: int = Field(50, ge=1, description="refused logins of one client address before it has to wait; loopback is exempt, as in the old server")
    login_seconds: float = Field(600, gt=0, description="how long refused logins are counted, from the first one on")


class Timeouts(BaseModel):
    """Seconds the gateway waits."""

    connect: float = Field(3, gt=0, description="to open a connection to the new server")
    read: float = Field(40, gt=0, description="between two pieces of an answer of the new server, which waits 30 s for a look-up store that does not answer")
    total: float = Field(60, gt=0, description="for a whole answer of the new server; streams are exempt")
    body: float = Field(30, gt=0, description="for the body of a request")
    request: float = Field(300, gt=0, description="for everything one request needs, however many calls that are; streams are exempt once they run")
    idle: float = Field(75, gt=0, description="before a connection without requests is closed, or a client that reads no more of a long reply is cut")
    drain: float = Field(20, ge=0, description="for requests under way when the gateway stops")


class Settings(BaseSettings):
    """Settings of the gateway. Nested names are joined with two underscores in the environment: `GATEWAY_LIMITS__CONCURRENCY=2`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True)

    upstream: str = Field("", description="base URL of the new server, for example http://127.0.0.1:8080")
    listen: str = Field("127.0.0.1:8008", description="HOST:PORT to listen on; port 0 lets the system choose")

    legacy_version: LegacyVersion = Field("union", description="old version whose shapes and routes are served; `union` suits readers of all of them")
    bulk_filter_param: Literal["as-text", "ignore"] = Field("as-text", description="meaning of `filter` on bulk calls; `ignore` is the old behaviour and acts on everything")
    bulk_unknown_params: Literal["refuse", "ignore"] = Field("refuse", description="unknown parameters of bulk calls; `ignore` is the old behaviour and acts on everything")
    reschedule_expiry: Literal["emulate", "keep"] = Field("emulate", description="whether rescheduling renews the expiry of a recipient, as the old server did")
    exact_queue_filter: bool = Field(False, description="test `queue` on recipients in any state, reading every message, instead of asking the new server")
    cli_ampersand: Literal["reject", "parse"] = Field("reject", description="paths with `&` as the old CLI wrote them: 404, or read what follows as a query")

    optimistic_get: int = Field(100, ge=1, le=500, description="objects fetched in the same round trip as the query that finds them")
    query_page: int = Field(5000, ge=1, le=5000, description="ids per query")
    get_page: int = Field(500, ge=1, le=500, description="objects per get; never above the limit of the new server")
    report_scan_page: int = Field(100, ge=1, le=500, description="reports per round trip when the gateway itself filters")
    max_scan_messages: int = Field(100_000, ge=1, description="bound on queue messages looked at by one call")
    max_scan_reports: int = Field(5000, ge=1, description="bound on reports looked at by one call")

    store_aliases: CommaList = Field(["default"], description="ids that old clients use for a store; each stands for the one store of the new server, any other is unknown")
    allow_broader_purge: bool = Field(False, description="delete more than was asked for where the new server cannot do less: all rate limiters for one kind, all authorisation tokens for `acme` or `oauth`")
    spam_upload_when_disabled: Literal["error", "ignore"] = Field("error", description="samples for a spam filter that does not learn: refused, or dropped in silence as the old server did")
    spam_reject_tags: Annotated[list[str] | None, NoDecode] = Field(None, description="tags of the spam filter that reject a message, `*` for anything in a name; without a value they are looked up on the new server")
    task_wait_seconds: float = Field(30, ge=0, le=240, description="how long a call that needs the result of background work waits for it")
    task_wait_polls: int | None = Field(None, ge=1, description="how often such a call looks at most; without a value only the time counts")
    check_store_config: bool = Field(False, description="before listing traces or metrics, look whether the new server keeps any; without it there is an empty list where the old server said so")
    histogram_history: Literal["difference", "asis"] = Field("difference", description="stored histograms: what was added between two samples, as the old server stored them, or the totals of the new server")

    name_style: NameStyle = Field("remembered", description="names of accounts, groups and lists in replies: as clients gave them, `full` addresses, or `short-default` for local parts in the default domain")
    role_scan_limit: int = Field(5000, ge=0, description="accounts looked at for the `members` of a role; with more of them the member is left out")
    membership_set: Literal["field", "all"] = Field("field", description="what `set` on `roles`, `memberOf` or `lists` replaces: that field, or as the old server all three")
    lossy_fields: Literal["error", "drop"] = Field("error", description="members of principals that the new server has no place for: refused, or left out")
    gone_permissions: Literal["error", "drop"] = Field("error", description="enabled permissions that do not exist any more: refused, or left out")
    domain_dkim: Literal["manual", "server"] = Field("manual", description="who makes the DKIM keys of a new domain: its client, as with the old server, or the new server")
    tenant_gate: Literal["pass", "enterprise"] = Field("pass", description="tenants on a new server without Enterprise edition: kept there, without effect, or refused as the old server did")
    app_password_slot: Literal["primary-when-free", "refuse"] = Field("primary-when-free", description="app passwords whose secret the client chose: kept as the password of an account that has none, or always refused")
    plain_passwords: Literal["forward", "hash"] = Field("forward", description="plain passwords: judged by the policy of the new server, or hashed here (SHA-512 crypt), which no policy sees")
    secrets_memory: Literal["off", "hashes"] = Field("off", description="whether the strings that clients write as secrets are remembered, encrypted, and shown again; of a plain password only a hash")
    verify_index_writes: bool = Field(True, description="read an account again after addresses or secrets were removed by their position, and repair what another writer moved")

    service_credential: str = Field("", repr=False, description="LOGIN:PASSWORD or API key (`API_…`) of an account of the new server with `impersonate`, `sysAccountGet` and `sysAccountUpdate`, for what users may not do themselves there: a new password that comes as a hash (the page for the own password of the old WebAdmin needs it)")

    validation: Annotated[dict[str, Mode], NoDecode] = Field(
        default_factory=dict, description="what happens to requests against the contract, as OPERATION=MODE, comma separated; modes enforce, report, off; default enforce"
    )
    caller_cache_seconds: float = Field(5, ge=0, le=60, description="how long a looked-up caller is remembered")
    passthrough: CommaList = Field(["/jmap", "/auth", "/.well-known", "/dav", "/login", "/device"], description="paths forwarded as they are; everything else is answered here")

    webadmin_bundle: str = Field("", description="zip file or folder with a build of the old WebAdmin (`webadmin.zip` of a v0.15 release), served at `/`; `GET /api/update/webadmin` reads it again")

    permissive_cors: bool = Field(False, description="CORS headers on every reply, as `http.permissive-cors` of the old server; without it when the new server has been told to send them")
    trusted_proxies: CommaList = Field([], description="addresses or networks of proxies whose X-Forwarded-For is believed")
    forward_client_address: bool = Field(False, description="send X-Forwarded-For upstream; only towards a server that is told to trust it")
    tls_certificate: str = Field("", description="PEM file; with tls_key the listener speaks TLS")
    tls_key: str = Field("", description="PEM file of the private key")

    state: str = Field("sqlite+aiosqlite:///stalwart-gateway.db", description="database URL of what the gateway remembers")
    state_key: str = Field("", repr=False, description="what the API keys and secrets in the state are encrypted with: 32 or more characters, kept apart from the database; without it a key file beside the database is made and used, readable by its owner only")
    workers: int = Field(1, ge=1, le=64, description="processes that share the port")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least important log lines written")
    log_format: Literal["json", "text"] = Field("json", description="form of log lines")
    access_log: bool = Field(True, description="one log line per request")

    limits: Limits = Field(default_factory=Limits, description="bounds on what one client may cost")
    timeouts: Timeouts = Field(default_factory=Timeouts, description="seconds the gateway waits")

    @field_validator("passthrough", "trusted_proxies", "store_aliases", "spam_reject_tags", mode="before")
    @classmethod
    def _comma_list(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("validation", mode="before")
    @classmethod
    def _pairs(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [part.partition("=") for part in value.split(",") if part.strip()]
        return {name.strip(): mode.strip() for name, _, mode in pairs}

    @field_validator("upstream")
    @classmethod
    def _base_url(cls, value: str) -> str:
        if not value:
            return value
        parts = _url(value)
        if parts.username or parts.password:
            raise ValueError("must not hold credentials: every call travels with those of its client")
        if parts.query or parts.fragment:
            raise ValueError("must not hold a query or a fragment")
        return value.rstrip("/")

    @field_validator("listen")
    @classmethod
    def _host_port(cls, value: str) -> str:
        host_port(value)
        return value

    @field_validator("passthrough")
    @classmethod
    def _paths(cls, value: list[str]) -> list[str]:
        for path in value:
            if not path.startswith("/") or path == "/" or "//" in path or any(mark in path for mark in "?#%"):
                raise ValueError(f"{path!r} is no path such as /jmap")
            if path == "/api" or path.startswith("/api/"):
                raise ValueError("/api is answered by the gateway itself")
        return [path.rstrip("/") for path in value]

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: list[str]) -> list[str]:
        for network in value:
            try:
                ip_network(network, strict=False)
            except ValueError:
                raise ValueError(f"{network!r} is neither an IP address nor a network such as 10.0.0.0/8") from None
        return value

    @field_validator("state")
    @classmethod
    def _database(cls, value: str) -> str:
        if not value.startswith(("sqlite+aiosqlite://", "postgresql+asyncpg://")):
            raise ValueError("must begin with sqlite+aiosqlite:// or postgresql+asyncpg://")
        return value

    @field_validator("state_key")
    @classmethod
    def _key(cls, value: str) -> str:
        if value and len(value) < SHORTEST_KEY:
            raise ValueError(f"must have {SHORTEST_KEY} or more characters, for example those that `openssl rand -base64 32` prints")
        return value

    @field_validator("service_credential")
    @classmethod
    def _service(cls, value: str) -> str:
        login, colon, secret = value.partition(":")
        if value and not _is_key(value) and not (colon and login.strip() and secret and "%" not in login):
            raise ValueError("must be LOGIN:PASSWORD or an API key of the new server, which begins with API_")
        if not value.isprintable():
            raise ValueError("holds control characters")
        return value

    @model_validator(mode="after")
    def _pair(self) -> Self:
        if bool(self.tls_certificate) != bool(self.tls_key):
            missing = "tls_key" if self.tls_certificate else "tls_certificate"
            raise ValueError(f"{missing}: not set, but the listener needs both tls_certificate and tls_key")
        return self


class SettingsError(Exception):
    """What is wrong with the configuration: `problems`, one readable line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def service_header(credential: str) -> str:
    """The Authorization header of a `service_credential`, "" for none."""
    if not credential or _is_key(credential):
        return credential and f"Bearer {credential}"
    return "Basic " + base64.b64encode(credential.encode()).decode()


def host_port(value: str) -> tuple[str, int]:
    """Host and port of `HOST:PORT`, `[IPv6]:PORT` or `:PORT`; ValueError otherwise."""
    host, separator, port = value.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") if host.startswith("[") and host.endswith("]") else host
    if not separator or not (port.isascii() and port.isdigit()) or int(port) > HIGHEST_PORT:
        raise ValueError("must be HOST:PORT, for example 127.0.0.1:8008, [::1]:8008 or 0.0.0.0:0")
    if ":" in host and f"[{host}]" not in value:
        raise ValueError("an IPv6 address stands in brackets: [::1]:8008")
    return host, int(port)


def names(model: type[BaseModel] = Settings, group: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    """Every single setting: its path (`("limits", "queue")`) and its field; groups themselves are left out."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from names(field.annotation, (*group, name))
        else:
            yield (*group, name), field


def variable(path: tuple[str, ...]) -> str:
    """Name of a setting in the environment: `GATEWAY_LIMITS__QUEUE`."""
    return PREFIX + "__".join(path).upper()


def load(flags: Mapping[str, Any] | None = None, file: Path | None = None) -> Settings:
    """Settings of flags (nested as the model is), environment and TOML file; the earlier one wins. SettingsError names every mistake."""
    document = _document(file) if file else {}
    problems = list(_problems_of_groups(os.environ))
    if problems:
        raise SettingsError(problems)

    class Layered(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            sources = (init_settings, env_settings)
            return (*sources, TomlConfigSettingsSource(settings_cls, file)) if document else sources

    try:
        return Layered(**(flags or {}))
    except ValidationError as error:
        raise SettingsError([_readable(problem) for problem in error.errors()]) from None


def unknown_variables(environment: Mapping[str, str] = os.environ) -> list[str]:
    """`GATEWAY_…` variables that mean nothing, in alphabetic order; groups given as JSON are known."""
    known = {variable(path) for path, _ in names()} | {variable((name,)) for name in Settings.model_fields} | NOT_SETTINGS
    return sorted(name for name in environment if name.upper().startswith(PREFIX) and name.upper() not in known)


def _is_key(credential: str) -> bool:
    return credential.startswith("API_") and credential.isascii() and ":" not in credential and " " not in credential


def _url(value: str) -> Any:
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0 or not value.isprintable() or " " in value:
        raise ValueError("must be a URL http://HOST[:PORT] or https://HOST[:PORT]")
    return parts


def _document(file: Path) -> dict[str, Any]:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f"{file}: cannot be read ({type(error).__name__})"]) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([f"{file}: is no TOML: {error}"]) from None
    problems = [f"{file}: unknown setting {key}{_nearest(key)}" for key in _unknown_keys(document)]
    if problems:
        raise SettingsError(problems)
    return document


def _problems_of_groups(environment: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with groups given as JSON (`GATEWAY_LIMITS={"queue":9}`); values of single settings are judged with the others."""
    groups = {variable((path[0],)): path[0] for path, _ in names() if len(path) > 1}
    for name, text in environment.items():
        group = groups.get(name.upper())
        if group is None:
            continue
        try:
            value = json.loads(text)
        except ValueError:
            value = None
        if isinstance(value, dict):
            # Names in the environment have no case.
            yield from (f"{name}: unknown setting {key}{_nearest(key)}" for key in _unknown_keys({group: {it.lower(): 0 for it in value}}))
        else:
            yield f"{group} ({name}): must be a JSON object of settings, for example {{{json.dumps(_inside((group,))[0])}: …}}"


def _inside(group: tuple[str, ...]) -> list[str]:
    """Names of the settings of a group, `()` for those that are in none."""
    return [path[-1] for path, _ in names() if path[:-1] == group]


def _unknown_keys(document: Mapping[str, Any]) -> Iterator[str]:
    groups = {path[0] for path, _ in names() if len(path) > 1}
    known = {".".join(path) for path, _ in names()}
    for key, value in document.items():
        if key in groups and isinstance(value, dict):
            yield from (f"{key}.{inner}" for inner in value if f"{key}.{inner}" not in known)
        elif key not in known | groups:
            yield key


def _nearest(key: str) -> str:
    *group, name = key.split(".")
    close = difflib.get_close_matches(name, _inside(tuple(group)), n=1)
    return f"; did you mean {'.'.join((*group, close[0]))}?" if close else ""


def _readable(problem: Any) -> str:
    """`setting (VARIABLE): value: what is allowed` of one pydantic error; values that may hold a password are left out."""
    path = tuple(str(part) for part in problem["loc"])
    message: str = problem["msg"].removeprefix("Value error, ")
    if not path:
        return message
    secret = path[0] in _MAY_HOLD_SECRETS or "@" in str(problem["input"])
    shown = "" if secret else f" {problem['input']!r}:"
    owner = path[:1] if path[0] == "validation" else path
    return f"{'.'.join(path)} ({variable(owner)}):{shown} {message[:1].lower()}{message[1:]}"
