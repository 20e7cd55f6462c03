"""The whole configuration: one model, filled from flags, environment (`GATEWAY_…`) and a TOML file, validated at start."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

CommaList = Annotated[list[str], NoDecode]
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
    connections: int = Field(100, ge=1, description="connections to the new server")


class Timeouts(BaseModel):
    """Seconds the gateway waits for the new server."""

    connect: float = Field(3, gt=0, description="to open a connection")
    read: float = Field(30, gt=0, description="between two pieces of an answer")
    total: float = Field(60, gt=0, description="for a whole answer; streams are exempt")
    drain: float = Field(20, ge=0, description="for requests under way when the gateway stops")


class Settings(BaseSettings):
    """Settings of the gateway. Nested names are joined with two underscores in the environment: `GATEWAY_LIMITS__CONCURRENCY=2`."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_", env_nested_delimiter="__", extra="forbid", frozen=True)

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

    validation: dict[str, Literal["enforce", "report", "off"]] = Field(default_factory=dict, description="what happens to requests against the contract, by operationId; default enforce")
    caller_cache_seconds: float = Field(5, ge=0, le=60, description="how long a looked-up caller is remembered")
    passthrough: CommaList = Field(["/jmap", "/auth", "/.well-known", "/dav", "/login"], description="paths forwarded as they are; everything else is answered here")

    permissive_cors: bool = Field(False, description="CORS headers on every reply, as `http.permissive-cors` of the old server")
    trusted_proxies: CommaList = Field([], description="addresses or networks of proxies whose X-Forwarded-For is believed")
    forward_client_address: bool = Field(False, description="send X-Forwarded-For upstream; only towards a server that is told to trust it")
    tls_certificate: str = Field("", description="PEM file; with tls_key the listener speaks TLS")
    tls_key: str = Field("", description="PEM file of the private key")

    state: str = Field("sqlite+aiosqlite:///stalwart-gateway.db", description="database URL of what the gateway remembers")
    workers: int = Field(1, ge=1, le=64, description="processes that share the port")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least important log lines written")
    log_format: Literal["json", "text"] = Field("json", description="form of log lines")
    access_log: bool = Field(True, description="one log line per request")

    limits: Limits = Field(default_factory=Limits, description="bounds on what one client may cost")
    timeouts: Timeouts = Field(default_factory=Timeouts, description="seconds the gateway waits")

    @field_validator("passthrough", "trusted_proxies", mode="before")
    @classmethod
    def _comma_list(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
