"""Settings objects, and when a change of them takes effect (jmap-management-api 2.12, 3.28 to 3.42)."""

from gateway.simulator.declared import vocabulary
from gateway.simulator.objects.stored import StoredObjects
from gateway.simulator.settings import reload
from gateway.simulator.text_ids import SINGLETON
from gateway.simulator.world import World

NAMES = (
    "Application Certificate Directory DmarcReportSettings DnsServer HttpLookup Metrics MtaDeliverySchedule MtaExtensions MtaRoute MtaStageRcpt "
    "MtaVirtualQueue NetworkListener ReportSettings SenderAuth SieveSystemScript SpamSettings SpamTag StoreLookup SystemSettings TlsReportSettings "
    "Tracer Trace Metric ArchivedItem MaskedEmail"
).split()


def install(world: World) -> None:
    """Register the types, with what a fresh server has stored."""
    words = vocabulary()
    for name in NAMES:
        world.add(StoredObjects(world, words.objects[name], words))
    system = world.kept("SystemSettings")
    system.save(SINGLETON, system.value() | {"defaultHostname": world.config.host_name, "defaultDomainId": "b"})
    reload.apply(world)
