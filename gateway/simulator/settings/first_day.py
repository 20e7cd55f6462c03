"""Settings that a server has stored after its first start (recordings `settings.defaults`)."""

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


def fill(world: World) -> None:
    """Host name, virtual queues and their schedules, routes, the HTTP listener, the log file, the web interface (switched off)."""
    system = world.kept("SystemSettings")
    for _ in range(2):
        system.save(SINGLETON, system.value() | {"defaultHostname": world.config.host_name, "defaultDomainId": "b"})
    queues, schedules = world.kept("MtaVirtualQueue"), world.kept("MtaDeliverySchedule")
    for id_, (name, description, threads) in _QUEUES.items():
        queues.save(id_, queues.schema.fresh(None) | {"name": name, "description": description, "threadsPerNode": threads})
    for id_, given in _SCHEDULES.items():
        schedules.save(id_, schedules.schema.fresh(None) | given | {"queueId": id_})
    _keep(world, "MtaRoute", "Mx", {"name": "mx", "description": "MX delivery route", "maxMxHosts": 2})
    _keep(world, "MtaRoute", "Local", {"name": "local", "description": "Local delivery route"})
    _keep(world, "NetworkListener", None, {"name": "http", "bind": {"127.0.0.1:8080": True}, "protocol": "http"})
    _keep(world, "Tracer", "Log", {"path": "/var/log/stalwart", "prefix": "stalwart.log", "ansi": False})
    _keep(world, "Application", None, {"description": "Stalwart Web Interface", "enabled": False, "resourceUrl": _WEB_INTERFACE, "urlPrefix": {"/admin": True, "/account": True}, "autoUpdateFrequency": 720 * HOURS})


def _keep(world: World, name: str, variant: str | None, given: Object) -> None:
    kept = world.kept(name)
    stored = kept.schema.fresh(variant) | given
    kept.save(kept.new_id(stored), stored)
