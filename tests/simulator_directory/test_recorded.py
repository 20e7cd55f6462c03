"""Exchanges with a real 0.16.16, repeated in their order on a fresh server; ids are numbered as such a server counts them."""

import json
from pathlib import Path

import pytest

ADMIN = ("admin", "Canary-admin-1")
PASSWORD = "long pass phrase 42"
MANUAL = {"@type": "Manual"}
BEFORE = {"lists": {"name": "net.test", "dkimManagement": MANUAL}}
HOSTS = {"tadmin": "acme.test"}


def who(name):
    return ADMIN if name == "admin" else (f"{name}@{HOSTS.get(name, 'lab.test')}", PASSWORD)


@pytest.mark.parametrize("section", ["lists", "roles", "tenants", "oauth_clients", "permissions"])
def test_a_section_of_the_recordings(server, section):
    if section in BEFORE:
        server.made("Domain", BEFORE[section])
    lines = (Path(__file__).parent / "recorded" / f"{section}.jsonl").read_text("utf-8").splitlines()
    for line in map(json.loads, lines):
        answers = server.batch(*line["calls"], user=who(line["user"]))
        assert answers == line["answers"], line["label"]
    assert len(lines) > 30
