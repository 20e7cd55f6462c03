"""The rooms of the simulator, in the order in which they are installed; each `install(world)` registers what the room offers."""

from collections.abc import Callable

from gateway.simulator import (
    actions,
    archive,
    core,
    directory,
    live,
    mail,
    mailboxes,
    reports,
    settings,
    tasks,
    telemetry,
)
from gateway.simulator.blobs import methods as blobs
from gateway.simulator.world import World

INSTALL: tuple[Callable[[World], None], ...] = (
    core.install,
    directory.install,
    settings.install,
    blobs.install,
    mailboxes.install,
    mail.install,
    tasks.install,
    archive.install,
    actions.install,
    live.install,
    reports.install,
    telemetry.install,
)
