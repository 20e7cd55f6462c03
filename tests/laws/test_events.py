"""Events of the new server in their old form: whatever they hold, the strictest old reader takes them (clients 3.8)."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.knowledge.event_names import EVENTS, TRACE_KEYS, old_event
from gateway.legacy.telemetry.events import full_event, short_event

texts = st.text(max_size=5)
plain = st.one_of(
    st.builds(lambda value: {"@type": "String", "value": value}, texts),
    st.builds(lambda value: {"@type": "UnsignedInt", "value": value}, st.integers(0, 2**64 - 1)),
    st.builds(lambda value: {"@type": "Integer", "value": value}, st.integers(-(2**63), 2**63 - 1)),
    st.builds(lambda value: {"@type": "Boolean", "value": value}, st.booleans()),
    st.builds(lambda value: {"@type": "Duration", "value": value}, st.integers(0, 10**9)),
    st.just({"@type": "Null"}),
)
names = st.sampled_from(EVENTS)
keys = st.one_of(st.sampled_from(sorted(TRACE_KEYS)), texts)


def listed(items):
    return {str(place): it for place, it in enumerate(items)}


def pairs(values):
    return st.builds(lambda found: listed([{"key": key, "value": value} for key, value in found]), st.lists(st.tuples(keys, values), max_size=5))


values = st.recursive(
    plain,
    lambda inner: st.one_of(
        st.builds(lambda items: {"@type": "List", "value": listed(items)}, st.lists(inner, max_size=3)),
        st.builds(lambda name, value: {"@type": "Event", "event": name, "value": value}, names, pairs(inner)),
    ),
    max_leaves=8,
)
events = st.builds(lambda name, held: {"event": name, "timestamp": "2026-03-01T11:00:00Z", "keyValues": held}, names, pairs(values))


def readable(value):
    """No null anywhere, no key that is not known, and nested events without a time."""
    if isinstance(value, list):
        return all(map(readable, value))
    if isinstance(value, dict):
        return value.keys() - {"text", "details"} == {"type", "data"} and data_is_readable(value["data"])
    return isinstance(value, (str, int, bool))


def data_is_readable(data):
    return data.keys() <= TRACE_KEYS and all(map(readable, data.values()))


@given(events)
def test_every_event_can_be_read(event):
    full, short = full_event(event, {}), short_event(event, 7)
    assert data_is_readable(full["data"])
    assert "spanId" not in full["data"]
    assert short["data"].pop("spanId") == 7
    assert full["data"].keys() == short["data"].keys()
    assert full["type"] == short["type"] == old_event(event["event"])


@given(events)
def test_the_first_value_of_a_key_that_is_not_null_is_kept(event):
    held = {}
    for pair in event["keyValues"].values():
        if pair["key"] in TRACE_KEYS - {"spanId"} and pair["value"]["@type"] != "Null":
            held.setdefault(pair["key"], pair["value"])
    full = full_event(event, {})["data"]
    assert full.keys() == held.keys()
    assert all(full[key] == value["value"] for key, value in held.items() if value["@type"] not in {"List", "Event"})
