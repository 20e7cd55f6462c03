"""Reloads and updates: what is told of those that fail."""

import pytest

from gateway.jmap.errors import Garbled
from gateway.knowledge.permissions import NEW_RIGHTS
from gateway.legacy.refusals import Forbidden, InternalError, Other
from gateway.state import Recollection

NOTHING = {"warnings": {}, "errors": {}}


def act(kind, error=None):
    """One command and its answer."""
    answer = {"created": {"a": {"id": "b"}}} if error is None else {"notCreated": {"a": error}}
    return [["x:Action/set", {"create": {"a": {"@type": kind}}}]], [["x:Action/set", answer]]


def task(**answer):
    create = {"@type": "SpamFilterMaintenance", "maintenanceType": "updateRules", "status": {"@type": "Pending", "due": "2026-03-01T12:00:00Z"}}
    return [["x:Task/set", {"create": {"t": create}}]], [["x:Task/set", answer]]


@pytest.mark.parametrize(
    ("operation", "kind", "subject"),
    [
        ("reload", "ReloadSettings", "settings"),
        ("reloadLookups", "ReloadLookupStores", "lookup"),
        ("reloadCertificates", "ReloadTlsCertificates", "certificate"),
        ("reloadBlockedIps", "ReloadBlockedIps", "server.blocked-ip"),
    ],
)
async def test_what_is_wrong_stands_under_the_name_of_the_object(run, operation, kind, subject):
    assert await run(operation, [act(kind)]) == NOTHING
    named = {"type": "validationFailed", "description": "No usable key", "objectId": {"object": "OidcProvider", "id": "singleton"}}
    assert await run(operation, [act(kind, named)]) == {"warnings": {}, "errors": {"oidcprovider.singleton": {"type": "build", "error": "No usable key"}}}
    assert await run(operation, [act(kind, {"type": "validationFailed"})]) == {"warnings": {}, "errors": {subject: {"type": "build", "error": "validationFailed"}}}
    with pytest.raises(Forbidden):
        await run(operation, [act(kind, {"type": "forbidden", "description": f"Insufficient permissions to perform action of type {kind}"})])
    with pytest.raises(Garbled):
        await run(operation, [(act(kind)[0], [["x:Action/set", {}]])])


@pytest.mark.parametrize("value", ["true", "false", "0"])
async def test_only_the_full_reload_has_a_dry_run(run, value):
    assert await run("reload", query={"dry-run": value}) == NOTHING
    assert await run("reloadLookups", [act("ReloadLookupStores")], query={"dry-run": value}) == NOTHING


async def test_applications_that_cannot_be_fetched(run):
    assert await run("updateWebadmin", [act("UpdateApps")]) is None
    with pytest.raises(InternalError):
        await run("updateWebadmin", [act("UpdateApps", {"type": "validationFailed", "description": "Download failed"})])
    with pytest.raises(Forbidden):
        await run("updateWebadmin", [act("UpdateApps", {"type": "forbidden", "description": "Insufficient permissions to perform action of type UpdateApps"})])


async def test_an_old_webadmin_that_is_served_is_read_again_without_the_new_server(run):
    done = []

    async def update():
        done.append(1)

    assert await run("updateWebadmin", rights=NEW_RIGHTS["webadmin-update"], update_webadmin=update) is None
    assert done == [1]
    with pytest.raises(Forbidden):
        await run("updateWebadmin", rights=["authenticate"], update_webadmin=update)
    assert done == [1]


async def test_spam_rules_are_fetched_by_a_task(run):
    assert await run("updateSpamFilter", [task(created={"t": {"id": "b"}})], query={"force": "true", "overwrite": "1"}) is None
    with pytest.raises(Other):
        await run("updateSpamFilter", [task(notCreated={"t": {"type": "overQuota", "description": "Too many tasks"}})])


async def test_a_record_that_a_client_named_is_called_by_its_key(run):
    memory = Recollection()
    await memory.remember_records("Certificate", {"b": "mine"})
    error = {"type": "validationFailed", "description": "Failed to parse certificate", "objectId": {"object": "Certificate", "id": "b"}}
    found = await run("reloadCertificates", [act("ReloadTlsCertificates", error)], memory=memory)
    assert found["errors"] == {"certificate.mine": {"type": "build", "error": "Failed to parse certificate"}}
