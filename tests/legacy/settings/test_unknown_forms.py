"""What other versions of the new server may say: no such property, or a value of a form that nobody knew. The rest of a page is shown all the same."""

import pytest

from gateway.knowledge.settings_map import SETTINGS
from gateway.legacy.settings.naming import COLLECTIONS
from gateway.legacy.settings.view import view

from .simulated import NewServer

SINGLE = sorted({type_ for row in SETTINGS.rows for type_ in row.objects} - COLLECTIONS)
ELSEWHERE = "store.blob.purge.frequency"  # kept in a property of its own
STRANGE = (None, "SomethingNew", {"@type": "SomethingNew"}, {"SomethingNew": None}, [])


@pytest.fixture(scope="module")
def server():
    return NewServer()


def shown(type_, it):
    return view([row for row in SETTINGS.rows if type_ in row.objects and row.alias is None], {type_: [it]})


@pytest.mark.parametrize("type_", SINGLE)
def test_one_property_takes_no_other_with_it(server, type_):
    (stored,) = server.objects(type_, ["singleton"])
    everything = shown(type_, stored)
    for name in stored.keys() - {"id", "@type"}:
        without = shown(type_, {key: it for key, it in stored.items() if key != name})
        others = {
            key: text
            for key, text in everything.items()
            if SETTINGS.find(key).row.pointer.split("/")[1] != name and key != ELSEWHERE
        }
        assert {key: without.get(key) for key in others} == others
        for value in STRANGE:
            texts = shown(type_, {**stored, name: value})
            assert {key: texts.get(key) for key in others} == others


@pytest.mark.parametrize(
    ("type_", "it", "texts"),
    [
        ("SpamTag", {"id": "b", "@type": "Quarantine", "tag": "BAD"}, {}),
        ("DataRetention", {"id": "singleton", "expungeSchedule": {"@type": "Monthly", "day": 1}}, {}),
        ("Authentication", {"id": "singleton"}, {"storage.directory": "internal"}),
        (
            "WebHook",
            {"id": "b", "url": "https://hook.test/", "events": None},
            {"webhook.hook.test.url": "https://hook.test/"},
        ),
        ("MtaQueueQuota", {"id": "b", "messages": 5}, {"queue.quota.quota-b.messages": "5"}),
    ],
)
def test_what_is_left_of_objects_of_other_versions(type_, it, texts):
    assert shown(type_, it) == texts
