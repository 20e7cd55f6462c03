"""Reading: what is asked of the new server, and what is shown when some of it may not be seen."""

import pytest

from gateway.jmap.errors import MethodError
from gateway.legacy.settings.demand import of_prefixes, with_keys
from gateway.legacy.settings.fetch import fetch
from gateway.legacy.settings.reads import records
from gateway.legacy.settings.view import view

SORT = [{"property": "id", "isAscending": True}]


def page(name, ids, position, total):
    """One page of a big collection: calls and answers."""
    asked = [
        [f"x:{name}/query", {"sort": SORT, "position": position, "limit": 500, "calculateTotal": True}],
        [f"x:{name}/get", {"#ids": {"resultOf": "c0", "name": f"x:{name}/query", "path": "/ids"}}],
    ]
    objects = [{"id": it, "address": f"10.0.{number // 250}.{number % 250}"} for number, it in enumerate(ids, position)]
    return asked, [[f"x:{name}/query", {"ids": ids, "position": position, "total": total}], [f"x:{name}/get", {"list": objects, "notFound": []}]]


async def test_big_collections_are_read_page_by_page(run):
    ids = [f"b{number}" for number in range(600)]
    rounds = [page("BlockedIp", ids[:500], 0, 600), page("BlockedIp", ids[500:], 500, 600)]
    answer = await run("getSettingsGroup", rounds, query={"prefix": "server.blocked-ip", "limit": "1", "page": "600"})
    assert answer == {"total": 600, "items": [{"_id": "10.0.2.99", "_value": ""}]}


async def test_a_full_answer_is_not_taken_for_all_of_a_collection(run):
    queues = [{"id": f"q{number}", "name": f"n{number}", "description": None, "threadsPerNode": 1} for number in range(501)]
    first = ([["x:MtaVirtualQueue/get", {"ids": None}]], [["x:MtaVirtualQueue/get", {"list": queues[:500], "notFound": []}]])

    def part(position, some):
        asked, _ = page("MtaVirtualQueue", [], position, 501)
        ids = [it["id"] for it in some]
        return asked, [
            ["x:MtaVirtualQueue/query", {"ids": ids, "position": position, "total": 501}],
            ["x:MtaVirtualQueue/get", {"list": some, "notFound": []}],
        ]

    rounds = [first, part(0, queues[:500]), part(500, queues[500:])]
    answer = await run("getSettingsGroup", rounds, query={"prefix": "queue.virtual", "suffix": "threads-per-node", "limit": "1"})
    assert answer == {"total": 501, "items": [{"_id": "n0", "threads-per-node": "1"}]}


async def test_pages_are_as_long_as_the_new_server_lets_them_be(run):
    sort = {"sort": SORT, "limit": 2, "calculateTotal": True}
    queues = [{"id": f"q{number}", "name": f"n{number}", "description": None, "threadsPerNode": 1} for number in range(3)]

    def part(position, some):
        asked = [
            ["x:MtaVirtualQueue/query", {**sort, "position": position}],
            ["x:MtaVirtualQueue/get", {"#ids": {"resultOf": "c0", "name": "x:MtaVirtualQueue/query", "path": "/ids"}}],
        ]
        ids = [it["id"] for it in some]
        return asked, [
            ["x:MtaVirtualQueue/query", {"ids": ids, "position": position, "total": 3}],
            ["x:MtaVirtualQueue/get", {"list": some, "notFound": []}],
        ]

    first = ([["x:MtaVirtualQueue/get", {"ids": None}]], [["x:MtaVirtualQueue/get", {"list": queues[:2], "notFound": []}]])
    rounds = [first, part(0, queues[:2]), part(2, queues[2:])]
    answer = await run(
        "getSettingsGroup", rounds, query={"prefix": "queue.virtual", "suffix": "threads-per-node"}, settings={"get_page": 2}
    )
    assert [it["_id"] for it in answer["items"]] == ["n0", "n1", "n2"]


async def test_what_may_not_be_seen_stops_a_listing(run):
    rounds = [([["x:Imap/get", {"ids": ["singleton"]}]], [["error", {"type": "forbidden"}]])]
    with pytest.raises(MethodError):
        await run("listSettings", rounds, query={"prefix": "imap"})


class Guarded:
    """A new server that shows a caller nothing but some types."""

    def __init__(self, *types):
        self.types = types

    async def attempt(self, *calls):
        hidden = MethodError("x:any/get", "forbidden", "")
        return [{"ids": [], "total": 0, "list": []} if it.type in self.types else hidden for it in calls]


async def test_a_listing_of_everything_leaves_out_what_may_not_be_seen():
    assert list(await fetch(Guarded("Imap", "BlockedIp"), of_prefixes([""]), 500)) == ["Imap", "BlockedIp"]
    with pytest.raises(MethodError):
        await fetch(Guarded(), of_prefixes([""]), 500)


async def test_nothing_is_asked_for_keys_without_counterpart(run):
    assert await run("getSettingsKeys", query={"keys": "authentication.fallback-admin.user,custom.x", "prefixes": "webadmin"}) == {}
    assert await run("listSettings", query={"prefix": "custom"}) == {"total": 0, "items": {}}


def test_more_than_four_addresses_are_looked_for_in_all_of_them():
    few, many = of_prefixes([]), of_prefixes([])
    with_keys(few, [f"server.blocked-ip.10.0.0.{number}" for number in range(4)])
    with_keys(many, [f"server.blocked-ip.10.0.0.{number}" for number in range(5)])
    assert few.filters("BlockedIp") == [{"address": f"10.0.0.{number}"} for number in range(4)]
    assert many.filters("BlockedIp") == []


@pytest.mark.parametrize(
    ("prefix", "objects"),
    [
        ("server.listener.", {"NetworkListener"}),
        ("server.auto-ban.", {"Security"}),
        ("server.", {"SystemSettings", "NetworkListener", "Security", "BlockedIp", "AllowedIp", "Http", "MtaStageConnect"}),
        ("jmap.", {"Http", "Email", "DataRetention", "Jmap"}),
        ("signature.", {"DkimSignature", "Domain"}),
        ("certificate.", {"Certificate", "SystemSettings"}),
        ("acme.", {"AcmeProvider", "Domain"}),
        ("queue.schedule.", {"MtaDeliverySchedule", "MtaVirtualQueue"}),
        ("queue.source-ip.", {"MtaConnectionStrategy"}),
        ("queue.strategy.route.", {"MtaOutboundStrategy"}),
        ("tracing.", {"DataRetention", "EventTracingLevel", "TracingStore"}),
        ("remote.", {"MtaRoute"}),
        ("lookup.", {"SystemSettings", "MemoryLookupKey", "MemoryLookupKeyValue"}),
        ("lookup.default.", {"SystemSettings", "Domain", "MemoryLookupKey", "MemoryLookupKeyValue"}),
        ("directory.", {"Directory"}),
        ("mycompany.", set()),
    ],
)
def test_objects_that_a_prefix_needs(prefix, objects):
    assert set(of_prefixes([prefix]).objects) == objects


def test_a_record_within_another_is_listed_twice():
    texts = {"a.b.type": "2", "a.b.x": "3", "a.type": "1"}
    assert records(texts, ".type", None) == [
        {"_id": "a.b", "type": "2", "x": "3"},
        {"_id": "a", "b.type": "2", "b.x": "3", "type": "1"},
    ]
    assert records(texts, ".type", "x") == [{"_id": "a.b", "x": "3"}, {"_id": "a"}]


def shown(prefix, snapshot):
    return view(of_prefixes([prefix]).rows.values(), snapshot)


def test_a_web_hook_that_names_exceptions_reads_as_all_the_others():
    hook = {"id": "w", "url": "https://h.example.org", "events": {"auth.success": True}, "eventsPolicy": "exclude"}
    texts = shown("webhook.", {"WebHook": [hook]})
    events = [text for key, text in texts.items() if ".events." in key]
    assert "auth.success" not in events
    assert {"auth.failed", "auth.error"} < set(events)


def test_a_tracer_that_names_what_it_takes_reads_without_events():
    tracer = {"id": "z", "@type": "Log", "events": {"auth.success": True}, "eventsPolicy": "include"}
    assert shown("tracer.", {"Tracer": [tracer]}) == {"tracer.log.type": "log"}
    assert shown("tracer.", {"Tracer": [tracer | {"eventsPolicy": "exclude"}]})["tracer.log.disabled-events"] == "auth.success"


def test_stores_with_settings_of_their_own():
    snapshot = {
        "DataStore": [{"id": "singleton", "@type": "PostgreSql", "host": "db", "authSecret": {"@type": "Value", "secret": "****"}}],
        "BlobStore": [
            {"id": "singleton", "@type": "S3", "accessKey": {"@type": "Value", "value": "AKIA"}, "region": {"@type": "Custom", "customRegion": "home", "customEndpoint": "https://s3"}},
        ],
        "StoreLookup": [{"id": "l", "namespace": "blob", "store": {"@type": "Redis", "url": "redis://r"}}],
        "Email": [{"id": "singleton", "compressionAlgorithm": "lz4"}],
        "DataRetention": [
            {
                "id": "singleton",
                "dataCleanupSchedule": {"@type": "Daily", "hour": 2, "minute": 0},
                "blobCleanupSchedule": {"@type": "Daily", "hour": 4, "minute": 0},
            },
        ],
    }
    assert shown("store.", snapshot) == {
        "store.blob-lookup.redis-type": "single",
        "store.blob-lookup.type": "redis",
        "store.blob-lookup.urls": "redis://r",
        "store.blob.access-key": "AKIA",
        "store.blob.compression": "lz4",
        "store.blob.endpoint": "https://s3",
        "store.blob.purge.frequency": "0 4 *",
        "store.blob.region": "home",
        "store.blob.type": "s3",
        "store.data.host": "db",
        "store.data.password": "****",
        "store.data.purge.frequency": "0 2 *",
        "store.data.type": "postgresql",
    }


def test_mail_folders_and_source_addresses():
    email = {"id": "singleton", "defaultFolders": {"inbox": {"name": "Inbox", "aliases": {"IN": True}, "create": True, "subscribe": False}}}
    assert shown("email.folders.", {"Email": [email]}) == {
        "email.folders.inbox.aliases": "IN",
        "email.folders.inbox.create": "true",
        "email.folders.inbox.name": "Inbox",
        "email.folders.inbox.subscribe": "false",
    }
    connection = {
        "id": "s",
        "name": "default",
        "sourceIps": {"0": {"sourceIp": "192.0.2.1", "ehloHostname": None}, "1": {"sourceIp": "192.0.2.2", "ehloHostname": "b.example.org"}},
    }
    assert shown("queue.", {"MtaConnectionStrategy": [connection]}) == {
        "queue.connection.default.source-ips.0": "192.0.2.1",
        "queue.connection.default.source-ips.1": "192.0.2.2",
        "queue.source-ip.192.0.2.2.ehlo-hostname": "b.example.org",
    }


def test_alerts_speak_of_metrics_by_their_old_names():
    alert = {"id": "d", "condition": {"match": {}, "else": "metric('queue.count') > 10"}}
    assert shown("metrics.alerts.", {"Alert": [alert]}) == {"metrics.alerts.alert-d.condition": "queue_count > 10"}
