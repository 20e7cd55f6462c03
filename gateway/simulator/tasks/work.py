"""What tasks do in the simulated server (jmap-management-api 3.15; recordings `tasks.store`, `tasks.other`)."""

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from gateway.simulator.errors import Object
from gateway.simulator.tasks.life import RUN_SECONDS, Failed, Unfinished, spread
from gateway.simulator.tasks.tasks import Tasks
from gateway.simulator.world import World

if TYPE_CHECKING:
    from gateway.simulator.mail.training import TrainingSamples

SHARDS = 256
SPREAD_SECONDS = 300
TRAINING_SECONDS = 1.0

_PER_ACCOUNT = {"reindexAccounts": "reindex", "purgeAccounts": "purge", "resetUserQuotas": "recalculateQuota"}


def install(world: World, tasks: Tasks) -> None:
    """Give the worker what it can do; kinds that are not named here are done at once and without a trace."""
    world.on("account.destroyed", _clean_up(world, tasks))
    runners = tasks.worker.runners
    for name, maintenance in _PER_ACCOUNT.items():
        runners[f"StoreMaintenance/{name}"] = _for_each(world, tasks, "Account", {"@type": "AccountMaintenance", "maintenanceType": maintenance}, "accountId")
    runners["StoreMaintenance/resetTenantQuotas"] = _for_each(
        world, tasks, "Tenant", {"@type": "TenantMaintenance", "maintenanceType": "recalculateQuota"}, "tenantId"
    )
    runners["StoreMaintenance/purgeBlob"] = _shards(world, tasks)
    runners["StoreMaintenance/purgeData"] = lambda _id, _stored: world.tell("data.purge", world.clock.seconds())
    samples = cast("TrainingSamples", world.types["SpamTrainingSample"])
    for kind in ("train", "retrain"):
        runners[f"SpamFilterMaintenance/{kind}"] = lambda _id, _stored: samples.learn()
        tasks.worker.durations[f"SpamFilterMaintenance/{kind}"] = lambda: TRAINING_SECONDS if samples.suffice() else RUN_SECONDS
    runners["SpamFilterMaintenance/updateRules"] = _update_rules(world)
    runners["DkimManagement"] = lambda _id, stored: world.tell("domain.keys.wanted", stored["domainId"])
    runners["AcmeRenewal"] = _needs_automatic(world, "certificateManagement", "Invalid request: ACME not configured for domain")
    runners["DnsManagement"] = _needs_automatic(world, "dnsManagement", "Domain is not set to automatic DNS management")


def _clean_up(world: World, tasks: Tasks) -> Callable[[Object], None]:
    """What a destroyed account held is removed at once, in the background."""

    def plan(gone: Object) -> None:
        tasks.schedule({"@type": "DestroyAccount"} | gone, world.clock.seconds())

    return plan


def _for_each(world: World, tasks: Tasks, target: str, properties: Object, member: str) -> Callable[[str, Object], None]:
    """One task for each object, each at its own moment of the next minutes."""

    def run(_id: str, _stored: Object) -> None:
        for id_ in world.kept(target).objects:
            task = world.snowflake()
            tasks.schedule(properties | {member: id_}, world.clock.seconds() + spread(task, SPREAD_SECONDS), task)

    return run


def _shards(world: World, tasks: Tasks) -> Callable[[str, Object], None]:
    """One task for each part of the blob store, unless it is for one part already."""

    def run(_id: str, stored: Object) -> None:
        if stored["shardIndex"] is None:
            for shard in range(SHARDS):
                tasks.schedule({"@type": "StoreMaintenance", "maintenanceType": "purgeBlob", "shardIndex": shard}, world.clock.seconds())

    return run


def _update_rules(world: World) -> Callable[[str, Object], None]:
    """There is no network: the rules can never be fetched."""

    def run(_id: str, _stored: Object) -> None:
        url = world.kept("SpamSettings").value()["spamFilterRulesUrl"]
        if url:
            raise Unfinished(f"Failed to fetch {url}: error sending request for url ({url})")

    return run


def _needs_automatic(world: World, member: str, reason: str) -> Callable[[str, Object], None]:
    def run(_id: str, stored: Object) -> None:
        domain = world.kept("Domain").objects.get(stored["domainId"])
        if domain is None or domain[member]["@type"] != "Automatic":
            raise Failed(reason)

    return run
