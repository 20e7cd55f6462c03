"""What the simulated server tells about its own life: log lines, traces, metrics (jmap-management-api 3.25 to 3.27)."""

from gateway.simulator.live.streams import LiveStream
from gateway.simulator.telemetry.happenings import Happenings
from gateway.simulator.telemetry.logs import LogFile, Logs
from gateway.simulator.telemetry.metrics import Collector, Metrics
from gateway.simulator.telemetry.streams import LiveEvents, LiveMetrics
from gateway.simulator.telemetry.traces import Traces, TraceStore
from gateway.simulator.telemetry.watching import Watch
from gateway.simulator.world import World


def install(world: World) -> None:
    """Register the types, offer the streams and begin to watch; traces, metrics and streams are those of the Enterprise edition only."""
    log, traces, collector, live = LogFile(world), TraceStore(world), Collector(world), LiveEvents()
    world.add(Logs(world, log))
    world.add(Traces(world, traces))
    world.add(Metrics(world, collector))
    world.live["tracing"] = LiveStream("liveTracing", live.watch, enterprise=True)
    world.live["metrics"] = LiveStream("liveMetrics", LiveMetrics(collector).watch, enterprise=True)
    for keep in (log.write, traces.keep, collector.count, live.hear):
        world.on(Happenings.TOLD, keep)
    Watch(world, Happenings(world)).begin()
