import json

import pytest

from gateway.simulator.server import WORLD, build
from gateway.simulator.world import Config

START = 1_795_266_403


def world(seed, **more):
    return build(Config(seed=seed, start=START, **more))[WORLD]


def names(found, kind):
    return {stored.get("name") or stored.get("description") for stored in found.kept(kind).objects.values()}


def test_a_fresh_server():
    found = world("empty", default_domain="first.test", host_name="mx.first.test")
    assert (names(found, "Domain"), names(found, "Account")) == ({"first.test"}, set())
    assert names(found, "Role") == {"User", "Group", "Tenant Administrator", "System Administrator"}
    assert found.applied("SystemSettings")["defaultHostname"] == "mx.first.test"
    assert {key["@type"] for key in found.kept("DkimSignature").objects.values()} == {"Dkim1Ed25519Sha256", "Dkim1RsaSha256"}


def test_the_demonstration_is_the_same_each_time():
    first, second = world("demo"), world("demo")
    for found in (first, second):
        assert len(names(found, "Account")) == 5
        assert len(found.types["QueuedMessage"].queue.messages) >= 8
        for kind in ("DmarcExternalReport", "TlsExternalReport", "ArfExternalReport", "DmarcInternalReport"):
            assert found.kept(kind).objects, kind
    assert list(first.kept("Account").objects) == list(second.kept("Account").objects)


def test_surroundings_of_a_recorded_program():
    plain, queue = world("scenario-inreports"), world("scenario-queue")
    for found in (plain, queue):
        assert names(found, "Domain") == {"lab.test", "example.org"}
        assert {"reports", "or-box"} <= names(found, "Account")
    assert "default" not in names(plain, "MtaVirtualQueue")
    assert "default" in names(queue, "MtaVirtualQueue")


def test_what_bulk_deletions_meet():
    found, others = world("scenario-destructive"), world("scenario-queue")
    kinds = ("OAuthClient", "ArfExternalReport", "DmarcInternalReport")
    assert [len(found.kept(kind).objects) for kind in kinds] == [1, 1, 1]
    assert [len(others.kept(kind).objects) for kind in kinds] == [0, 0, 0]
    assert "left-role" in names(found, "Role")
    assert "left-group" in names(found, "Account")
    assert "reports@example.org" in {message.return_path for message in found.types["QueuedMessage"].queue.messages.values()}


def test_a_file_of_calls(tmp_path):
    file = tmp_path / "seed.json"
    domain = {"name": "filed.test", "dkimManagement": {"@type": "Manual"}}
    message = {"mail_from": "", "mail_options": [], "rcpt_to": ["x@temp.test"], "rcpt_options": [], "helo": "h", "remote_ip": "127.0.0.1", "data": "U3ViamVjdDogeA0KDQp4DQo="}
    file.write_text(json.dumps({"calls": [["x:Domain/set", {"create": {"d": domain}}]], "mail": [message]}))
    found = world(str(file))
    assert names(found, "Domain") == {"lab.test", "filed.test"}
    assert len(found.types["QueuedMessage"].queue.messages) == 1
    file.write_text(json.dumps({"calls": [["x:Domain/set", {"create": {"d": {"name": "lab.test"}}}]]}))
    with pytest.raises(ValueError, match="primaryKeyViolation"):
        world(str(file))


def test_a_profile_that_is_none():
    with pytest.raises(ValueError, match="no such seed: nothing"):
        world("nothing")
