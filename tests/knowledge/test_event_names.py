"""Names of events, old and new."""

import pytest

from gateway.knowledge.event_names import EVENTS, METRICS, TRACE_KEYS, new_event, old_event


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ("queue.message-queued", "queue.queue-message"),
        ("queue.authenticated-message-queued", "queue.queue-message-authenticated"),
        ("auth.mfa-required", "auth.missing-totp"),
        ("dns.record-propagation-timeout", "acme.dns-record-propagation-timeout"),
        ("task-manager.task-failed", "task-queue.task-failed"),
        ("store.auto-expunge", "purge.auto-expunge"),
        ("delivery.attempt-start", "delivery.attempt-start"),
        ("server.memory", "server.memory"),
        ("task-manager.task-scheduled", "task-manager.task-scheduled"),
    ],
)
def test_renamed_both_ways(new, old):
    assert (old_event(new), new_event(old)) == (old, new)


def test_no_old_name_is_that_of_another_event():
    assert len({old_event(name) for name in EVENTS}) == len(EVENTS) == len(set(EVENTS))


def test_only_known_events_are_renamed():
    renamed = {name for name in EVENTS if old_event(name) != name}
    assert len(renamed) == 23
    assert {new_event(old_event(name)) for name in renamed} == renamed
    assert not renamed & {old_event(name) for name in EVENTS}


def test_sets_of_names():
    assert len(TRACE_KEYS) == 66
    assert {"server.memory", "queue.count", "queue.message-queued"} <= set(METRICS)
