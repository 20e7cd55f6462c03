"""Settings that a server has stored after its first start (recordings `settings.defaults`)."""

from secrets import token_hex

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.simulator.errors import Object
from gateway.simulator.text_ids import SINGLETON
from gateway.simulator.world import World

HOURS = 3_600_000
_WEB_INTERFACE = "https://github.com/stalwartlabs/webui/releases/latest/download/webui.zip"
_QUEUES = {"a": ("local", "Local delivery queue", 25), "b": ("remote", "Remote delivery queue", 50), "c": ("dsn", "Delivery Status Notification delivery queue", 5), "d": ("report", "DMARC and TLS report delivery queue", 5)}
_SCHEDULES: dict[str, Object] = {
    "a": {"name": "local", "description": "Local delivery schedule"},
    "b": {"name": "remote", "description": "Remote delivery schedule"},
    "c": {
        "name": "dsn",
        "description": "Delivery Status Notification delivery schedule",
        "expiry": {"@type": "Attempts", "maxAttempts": 10},
        "retry": {"@type": "Custom", "intervals": {str(place): {"duration": HOURS * 2**place // 4} for place in range(4)}},
    },
}


_DEFAULT_ROLES = {"User": "b", "Group": "c", "Tenant": "db", "Admin": "eb"}


def fill(world: World) -> None:
    """Host name, default roles, keys, virtual queues and their schedules, routes and how they are gone, the HTTP listener, the log file, the web interface (switched off)."""
    _fill_singletons(world)
    _fill_queues(world)
    _keep(world, "MtaInboundThrottle", None, {"description": "Sender IP throttle", "key": {"remoteIp": True}, "rate": {"count": 5, "period": 1000}})
    hourly = {"description": "Sender address to recipient throttle", "key": {"senderDomain": True, "rcpt": True}, "rate": {"count": 25, "period": HOURS}}
    _keep(world, "MtaInboundThrottle", None, hourly)
    _keep(world, "MtaRoute", "Mx", {"name": "mx", "description": "MX delivery route", "maxMxHosts": 2})
    _keep(world, "MtaRoute", "Local", {"name": "local", "description": "Local delivery route"})
    _keep(world, "MtaConnectionStrategy", None, {"name": "default", "description": "Default connection strategy"})
    _keep(world, "MtaTlsStrategy", None, {"name": "invalid-tls", "description": "Allow invalid TLS certificates", "allowInvalidCerts": True})
    _keep(world, "MtaTlsStrategy", None, {"name": "default", "description": "Default TLS settings"})
    _keep(world, "NetworkListener", None, {"name": "http", "bind": {"127.0.0.1:8080": True}, "protocol": "http"})
    _keep(world, "Tracer", "Log", {"path": "/var/log/stalwart", "prefix": "stalwart.log", "ansi": False})
    _keep(world, "Application", None, {"description": "Stalwart Web Interface", "enabled": False, "resourceUrl": _WEB_INTERFACE, "urlPrefix": {"/admin": True, "/account": True}, "autoUpdateFrequency": 720 * HOURS})


def _fill_singletons(world: World) -> None:
    system = world.kept("SystemSettings")
    for _ in range(2):
        system.save(SINGLETON, system.value() | {"defaultHostname": world.config.host_name, "defaultDomainId": "b"})
    roles = {f"default{kind}RoleIds": dict.fromkeys(ids, True) for kind, ids in _DEFAULT_ROLES.items()}
    authentication, oidc, jmap = world.kept("Authentication"), world.kept("OidcProvider"), world.kept("Jmap")
    authentication.save(SINGLETON, authentication.value() | roles)
    keys = {"encryptionKey": {"@type": "Value", "secret": token_hex(32)}, "signatureKey": {"@type": "Text", "secret": _signing_key()}}
    oidc.save(SINGLETON, oidc.value() | keys)
    jmap.save(SINGLETON, jmap.value() | {"webPushKey": {"@type": "Text", "secret": _signing_key()}})


def _signing_key() -> str:
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(*form).decode()


def _fill_queues(world: World) -> None:
    queues, schedules = world.kept("MtaVirtualQueue"), world.kept("MtaDeliverySchedule")
    for id_, (name, description, threads) in _QUEUES.items():
        queues.save(id_, queues.schema.fresh(None) | {"name": name, "description": description, "threadsPerNode": threads})
    for id_, given in _SCHEDULES.items():
        schedules.save(id_, schedules.schema.fresh(None) | given | {"queueId": id_})


def _keep(world: World, name: str, variant: str | None, given: Object) -> None:
    kept = world.kept(name)
    stored = kept.schema.fresh(variant) | given
    kept.save(kept.new_id(stored), stored)
