"""What the simulated server tells about its own life: log lines, traces, metrics (jmap-management-api 3.25 to 3.27)."""

from gateway.simulator.telemetry.happenings import Happenings
from gateway.simulator.telemetry.logs import LogFile, Logs
from gateway.simulator.telemetry.metrics import Collector, Metrics
from gateway.simulator.telemetry.traces import Traces, TraceStore
from gateway.simulator.telemetry.watching import Watch
from gateway.simulator.world import World


def install(world: World) -> None:
    """Register the types and begin to watch; traces and metrics are kept by the Enterprise edition only."""
    log, traces, collector = LogFile(world), TraceStore(world), Collector(world)
    world.add(Logs(world, log))
    world.add(Traces(world, traces))
    world.add(Metrics(world, collector))
    for keep in (log.write, traces.keep, collector.count):
        world.on(Happenings.TOLD, keep)
    Watch(world, Happenings(world)).begin()
