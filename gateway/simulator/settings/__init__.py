"""Settings objects, and when a change of them takes effect (jmap-management-api 2.12, 3.28 to 3.42)."""

from gateway.simulator.declared import vocabulary
from gateway.simulator.objects.stored import StoredObjects
from gateway.simulator.settings.checks import Certificates, SieveScripts, Singleton
from gateway.simulator.settings.first_day import fill
from gateway.simulator.text_ids import SINGLETON
from gateway.simulator.world import World

NAMES = (
    "AcmeProvider",
    "Application",
    "ArchivedItem",
    "BlockedIp",
    "Certificate",
    "Directory",
    "DmarcReportSettings",
    "DnsServer",
    "Http",
    "HttpLookup",
    "Imap",
    "Log",
    "MaskedEmail",
    "MemoryLookupKey",
    "MemoryLookupKeyValue",
    "Metric",
    "Metrics",
    "MtaDeliverySchedule",
    "MtaExtensions",
    "MtaRoute",
    "MtaStageRcpt",
    "MtaVirtualQueue",
    "NetworkListener",
    "ReportSettings",
    "SenderAuth",
    "SieveSystemScript",
    "SpamSettings",
    "SpamTag",
    "StoreLookup",
    "SystemSettings",
    "TlsReportSettings",
    "Trace",
    "Tracer",
)
_OWN: dict[str, type[StoredObjects]] = {"Certificate": Certificates, "SieveSystemScript": SieveScripts}


def install(world: World) -> None:
    """Register the types, with what a fresh server has stored; a reload lets the singletons take effect."""
    words = vocabulary()
    for name in NAMES:
        declaration = words.objects[name]
        kind = _OWN.get(name, Singleton if declaration.ids == SINGLETON else StoredObjects)
        world.add(kind(world, declaration, words))
    fill(world)
    world.take_over()
    world.on("settings.reloaded", lambda _: world.take_over())
