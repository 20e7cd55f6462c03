"""Reports of the simulated server: those that arrive by mail, and those that it collects for others."""

from gateway.simulator.declared import vocabulary
from gateway.simulator.mail.facts import ACCEPTED, ATTEMPTED
from gateway.simulator.mail.queued_messages import room_of
from gateway.simulator.reports.external import ExternalReports
from gateway.simulator.reports.incoming import Incoming
from gateway.simulator.reports.internal import DMARC, TLS, InternalReports
from gateway.simulator.reports.messages import CLASSES
from gateway.simulator.reports.outgoing import Outgoing
from gateway.simulator.reports.values import members
from gateway.simulator.tasks.tasks import tasks_of
from gateway.simulator.text_ids import SINGLETON
from gateway.simulator.world import World

ANALYSED = ("postmaster@*", "dmarc@*", "tlsrpt@*", "abuse@*")


def install(world: World) -> None:
    """Register the five types and listen to the mail room; it and the tasks must be there."""
    words, room, tasks = vocabulary(), room_of(world), tasks_of(world)
    external = {name: ExternalReports(world, name, words) for name in CLASSES}
    collected = InternalReports(world, DMARC, words, tasks), InternalReports(world, TLS, words, tasks)
    for object_type in (*external.values(), *collected):
        world.add(object_type)
    settings = world.kept("ReportSettings")
    settings.save(SINGLETON, settings.value() | {"inboundReportAddresses": members(ANALYSED)})
    world.take_over()
    incoming = Incoming(world, external)
    outgoing = Outgoing(world, collected, room.queue)
    world.on(ACCEPTED, incoming.accepted)
    world.on(ACCEPTED, outgoing.accepted)
    world.on(ATTEMPTED, outgoing.attempted)
    world.on("data.purge", incoming.purge)
    tasks.worker.runners |= {DMARC.task: outgoing.send_dmarc, TLS.task: outgoing.send_tls}
