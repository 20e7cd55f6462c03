"""Every class of clients of the old API has a story, with its headers, its order of calls and its way of reading (clients 2, 4, 6, 7).

| class | what it is | its stories |
|---|---|---|
| WA | old WebAdmin | test_login_stories.test_webadmin, test_principal_clients.test_the_forms_of_the_old_web_administration, test_settings_pages.test_pages_of_single_fields, test_webadmin_operations.test_queue, test_signing.test_the_old_webadmin_makes_a_domain_with_its_keys, test_a_key_is_used_as_soon_as_it_is_made |
| CLI | command line | test_login_stories.test_commands, test_login_stories.test_command_line_with_a_device_code, test_settings_stories.test_the_command_line_client_adds_lists_and_deletes, test_signing.test_the_command_line_client_names_its_keys, test_command_line.test_the_queue, test_command_line.test_reports |
| CLI to 0.9 | command line, early versions | test_principal_clients.test_the_command_line_of_early_versions, test_settings_stories.test_the_command_line_client_of_old_versions, test_command_line.test_domain_commands_of_early_versions_find_no_route |
| MIG | migration script | test_principal_clients.test_a_dump_for_a_migration, test_settings_stories.test_a_migration_reads_everything_page_by_page |
| P1 | account portal | test_a_portal_from_the_domain_to_its_end, test_principal_clients.test_an_account_portal, test_settings_stories.test_an_account_portal_removes_the_keys_of_a_domain, test_signing.test_a_mail_provider_removes_the_keys_that_it_found, test_a_key_is_used_as_soon_as_it_is_made |
| P2 | business suite | test_a_business_suite_looks_after_the_queue, test_a_business_suite_reads_reports, test_principal_clients.test_a_business_suite_sends_only_differences, test_settings_stories.test_a_business_suite_clears_a_key_without_the_final_dot, test_settings_stories.test_a_ban_tool_blocks_an_address_and_lets_it_go, test_a_key_is_used_as_soon_as_it_is_made |
| P3 | mail panel | test_a_mail_panel_asks_how_things_are, test_principal_clients.test_a_mail_panel, test_principal_clients.test_passwords_are_compared_with_what_is_remembered, test_settings_stories.test_a_panel_sets_up_a_server |
| P4 | managed service | test_a_managed_service_makes_sure_of_the_domain, test_principal_clients.test_a_managed_service_uses_the_new_account_at_the_same_address |
| P5 | hosting module | test_a_hosting_module_looks_at_the_status_only, test_provisioning.test_a_customer_comes_and_goes |
| P6 | back ends of applications | test_a_back_end_takes_what_is_there_for_success |
| P7 | self-service panel | test_a_self_service_panel |
| T1 | Terraform | test_terraform_and_signing_keys, test_principal_clients.test_terraform_finds_no_difference_after_it_applied, test_settings_stories.test_terraform_replaces_and_clears_a_record, test_a_key_is_used_as_soon_as_it_is_made |
| T2 | Terraform by numbers | test_principal_clients.test_terraform_by_numbers_finds_nothing_and_harms_nothing |
| T3 | Terraform by searching | test_principal_clients.test_terraform_adopts_what_it_finds_by_searching |
| H1 | app passwords | test_principal_clients.test_an_app_password_plugin_on_accounts_without_a_password |
| H2 | change of passwords | test_principal_clients.test_a_change_of_password_by_plugins_and_forms |
| H4 | settings of a groupware | test_settings_stories.test_a_groupware_plugin_points_logins_to_its_directory |
| S1 | curl and jq | test_a_shell_script_provisions_twice |
| S2 | spam training | test_a_script_trains_the_spam_filter, test_spam.test_samples_are_kept_for_everybody_or_for_one_account |
| S3 | seeders | test_seeders_at_once |
| A1, A2 | tool servers of assistants | test_a_tool_server_passes_everything_on |
"""

import asyncio
import importlib
import json
import re
from urllib.parse import quote

import aiohttp
import pytest

from gateway.knowledge.sha512_crypt import hashed

from . import readers as read
from .programs import ANOTHER, KEY, PASSWORD, Program, individual, logs_in, with_key
from .test_reports_in import dmarc, received

FORM = "application/x-www-form-urlencoded"
UNTOUCHED = {"warnings": {}, "errors": {}}


def test_every_class_has_its_story() -> None:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in (__doc__ or "").splitlines() if line.startswith("|")][2:]
    classes = {name for row in rows for name in row[0].split(", ")}
    third = {*(f"P{number}" for number in range(1, 8)), "T1", "T2", "T3", "H1", "H2", "H4", "S1", "S2", "S3", "A1", "A2"}
    assert classes == third | {"WA", "CLI", "CLI to 0.9", "MIG"}
    for _, _, stories in rows:
        for story in stories.split(", "):
            module, _, name = story.rpartition(".")
            assert callable(getattr(importlib.import_module(f"tests.end_to_end.{module}" if module else __name__), name)), story


@pytest.mark.parametrize("scheme", ["basic", "bearer"])
async def test_a_portal_from_the_domain_to_its_end(union, scheme: str) -> None:
    """Spells its scheme in lower case, raises on a status, then looks for errors, whose texts it joins."""
    portal = await with_key(union, scheme)
    empty = {name: [] for name in ("memberOf", "lists", "members", "enabledPermissions", "disabledPermissions", "externalMembers")}
    assert (await portal.json("PATCH", "/api/telemetry/metrics"))["error"] == "unsupported", "its health check"
    assert (await portal.data("GET", "/api/principal?page=1&limit=100&type=domain"))["total"] >= 1
    await portal.data("POST", "/api/principal/deploy", {"type": "domain", "name": "acme.test", "description": None, "quota": 0} | empty)
    for algorithm in ("Rsa", "Ed25519"):
        await portal.data("POST", "/api/dkim", {"id": None, "algorithm": algorithm, "domain": "acme.test", "selector": f"p{algorithm.lower()}"})
        assert await portal.get("/api/reload/") == UNTOUCHED
    records = await portal.get("/api/dns/records/acme.test")
    selectors = [found[1] for it in records if (found := re.fullmatch(r"(\w+)\._domainkey\.acme\.test", it["name"].rstrip(".")))]
    assert sorted(selectors) == ["ped25519", "prsa"]

    body = individual("kim@acme.test", emails=["kim@acme.test"], description=None, quota=0) | empty
    assert isinstance(await portal.data("POST", "/api/principal/deploy", body), int)
    taken = await portal.json("POST", "/api/principal/deploy", body)
    assert taken["error"] == "fieldAlreadyExists"
    shown = await portal.get("/api/principal/kim%40acme.test")
    assert (shown["type"], bool(shown["id"]), shown["emails"]) == ("individual", True, ["kim@acme.test"])
    assert await portal.change("kim@acme.test", ("addItem", "emails", "sales@acme.test")) == {"data": None}
    assert await portal.change("kim@acme.test", ("removeItem", "emails", "sales@acme.test"), ("addItem", "emails", "shop@acme.test")) == {"data": None}
    assert await portal.change("kim@acme.test", ("removeItem", "emails", "shop@acme.test"), ("set", "quota", 4096)) == {"data": None}
    assert await portal.change("kim@acme.test", ("set", "name", "boss@acme.test")) == {"data": None}
    refused = await portal.change("boss@acme.test", ("addItem", "roles", "no such role"))
    assert refused == {"error": "notFound", "item": "no such role"}
    refused = await portal.change("boss@acme.test", ("set", "locale", "no such locale"))
    if refused["error"] == "other":
        assert isinstance(f"{refused['details']}: " + refused["reason"], str)
    else:
        assert refused["error"] == "unsupported"
    # Its calls of the new API go to the path above, where the new server has none either.
    echo = {"using": ["urn:ietf:params:jmap:core"], "methodCalls": [["Core/echo", {"hello": True}, "0"]]}
    assert (await portal.send("POST", "/api", echo))[0] == 404
    status, raw = await portal.send("POST", "/jmap/", echo)
    assert (status, json.loads(raw)["methodResponses"]) == (200, [["Core/echo", {"hello": True}, "0"]])
    assert await portal.data("DELETE", "/api/principal/boss@acme.test") is None
    for method in ("GET", "DELETE"):
        assert await portal.json(method, "/api/principal/boss@acme.test") == {"error": "notFound", "item": "boss@acme.test"}
    keys = await portal.get("/api/settings/group?suffix=algorithm&prefix=signature&filter=acme.test&limit=50&page=1")
    for id_ in [it["_id"] for it in keys["items"]]:
        await portal.data("POST", "/api/settings", [{"type": "clear", "prefix": f"signature.{id_}."}])
    assert not [it for it in await portal.get("/api/dns/records/acme.test") if "_domainkey" in it["name"]]
    assert await portal.data("DELETE", "/api/principal/acme.test") is None
    assert await portal.json("GET", "/api/principal/acme.test") == {"error": "notFound", "item": "acme.test"}


@pytest.mark.parametrize("scheme", ["Basic", "Bearer"])
async def test_a_business_suite_looks_after_the_queue(union, scheme: str) -> None:
    """Sends no Content-Type, and reads every member by its key, so that all must be there."""
    suite = await with_key(union, scheme, content_type=None)
    await union.send("kim@far.test", "lee@temp.test", "box@temp.test")
    found = await suite.get("/api/queue/messages?page=1&limit=10&values=1&text=lee%40")
    assert found.keys() >= {"items", "total", "status"}
    (listed,) = found["items"]
    message = await suite.get(f"/api/queue/messages/{listed['id']}")
    assert message == listed
    for it in (message, *message["recipients"]):
        assert it.keys() >= ({"blob_hash", "created", "size", "id"} if it is message else {"address", "status", "queue", "retry_num", "next_retry", "next_notify"})
    status, raw = await suite.send("GET", f"/api/store/blobs/{message['blob_hash']}")
    assert (status, "Subject: A message" in raw.decode()) == (200, True)
    assert await suite.data("PATCH", f"/api/queue/messages/{message['id']}") is True
    assert await suite.data("DELETE", f"/api/queue/messages/{message['id']}?filter={quote('lee@temp.test')}") is True
    left = await suite.get(f"/api/queue/messages/{message['id']}")
    assert [it["address"] for it in left["recipients"] if it["status"] == "scheduled" or "temp_fail" in it["status"]] == ["box@temp.test"]
    assert await suite.data("PATCH", "/api/queue/status/stop") is True
    assert (await suite.get("/api/queue/messages?page=1&limit=10&values=1"))["status"] is False
    await suite.data("PATCH", "/api/queue/status/start")
    assert await suite.data("DELETE", f"/api/queue/messages/{message['id']}?filter=") is True
    assert (await suite.send("GET", f"/api/queue/messages/{message['id']}"))[0] == 404


async def test_a_business_suite_reads_reports(union) -> None:
    """What is not known must be null, not missing."""
    suite = Program(union, content_type=None)
    id_ = await received(union, "dmarc", dmarc("r-1"))
    assert id_ in (await suite.get("/api/reports/dmarc?page=1&limit=50&filter=example.org"))["items"]
    whole = await suite.get(f"/api/reports/dmarc/{id_}")
    read.received["dmarc"](whole)
    report = whole["report"]
    assert whole.keys() >= {"from", "subject", "report"}
    assert report["report_metadata"].keys() >= {"report_id", "org_name", "email", "extra_contact_info", "date_range"}
    assert report["policy_published"].keys() >= {"domain", "adkim", "aspf", "p", "sp"}
    for row in report["record"]:
        assert row["row"].keys() >= {"source_ip", "count", "policy_evaluated"}
        assert row["row"]["policy_evaluated"].keys() >= {"disposition", "dkim", "spf", "reason"}
        assert row["identifiers"].keys() >= {"envelope_to", "envelope_from", "header_from"}
        assert row["auth_results"].keys() >= {"dkim", "spf"}
    assert await suite.data("DELETE", f"/api/reports/dmarc/{id_}") is True
    assert (await suite.send("GET", f"/api/reports/dmarc/{id_}"))[0] == 404


async def test_a_mail_panel_asks_how_things_are(union) -> None:
    """Tells a wrong address, a wrong login and a missing right apart by the status, and a missing principal by the error."""
    panel = Program(union)
    check = "/api/principal?types=domain&page=1&limit=1"
    assert len((await panel.get(check))["items"]) == 1
    await panel.data("POST", "/api/principal", {"type": "domain", "name": "acme.test"})
    await panel.data("POST", "/api/principal", individual("kim"))
    for login, target, expected in (
        (union.login, "/api/principals?types=domain", 404),
        (("kim", ANOTHER), check, 401),
        (("kim", PASSWORD), check, 403),
        (("kim", PASSWORD), "/api/principal/lee", 403),
        (union.login, "/api/principal/lee", 200),
    ):
        status, raw = await Program(union.as_(login)).send("GET", target)
        assert status == expected, (login, target, raw)
        assert status == 200 or isinstance(json.loads(raw)["detail"], str)
    for number in range(3):
        await union.send("kim@far.test", f"box{number}@temp.test")
        union.wait(60)
    whole = await panel.get("/api/queue/messages?values=1")
    first = await panel.get("/api/queue/messages?page=1&limit=1&values=1")
    assert (first["total"], first["items"][0]["created"]) == (3, min(it["created"] for it in whole["items"])), "the oldest first"
    shown = await panel.get("/api/settings/keys?keys=server.hostname,report.domain,no.such-key")
    assert all(isinstance(text, str) for text in shown.values())
    # It asks for the records of a name that nobody has, to learn the name of the server from them; the new server knows records of its domains only.
    assert await panel.json("GET", "/api/dns/records/name.invalid") == {"error": "notFound", "item": "name.invalid"}
    assert [it for it in await panel.get("/api/dns/records/acme.test") if it["type"] == "MX"]


async def test_a_managed_service_makes_sure_of_the_domain(union) -> None:
    """Before every mailbox; an error that says so is fine."""
    service = Program(union)
    for name in ("kim", "lee"):
        answer = await service.json("POST", "/api/principal", {"type": "domain", "name": "acme.test", "description": "Acme"})
        assert "data" in answer or "AlreadyExists" in answer["error"]
        await service.data("POST", "/api/principal", individual(name))
        records = await service.get("/api/dns/records/acme.test")
        assert all(it.keys() == {"type", "name", "content"} and all(isinstance(text, str) for text in it.values()) for it in records)
        (exchanger, *_) = [it["content"].split(" ") for it in records if it["type"] == "MX"]
        assert (exchanger[0].isdecimal(), exchanger[-1].endswith(".")) == (True, True)
        assert await logs_in(union, name, PASSWORD)


async def test_a_hosting_module_looks_at_the_status_only(union) -> None:
    module = Program(union)
    for body in ({"type": "domain", "name": "acme.test"}, individual("kim", quota=1024)):
        assert (await module.send("POST", "/api/principal", body))[0] == 200
    listed = await module.get("/api/principal?type=individual&page=1&limit=2000")
    assert "kim" in [it["name"] for it in listed["items"]]
    assert await module.get("/api/principal?type=individual&page=1&limit=2000&filter=") == listed
    assert await module.change("kim", ("set", "secrets", [ANOTHER])) == {"data": None}
    assert await module.change("kim", ("set", "quota", 2048)) == {"data": None}
    assert (await module.get("/api/principal/kim"))["quota"] == 2048
    assert [await logs_in(union, "kim", it) for it in (PASSWORD, ANOTHER)] == [False, True]
    assert (await module.send("DELETE", "/api/principal/kim"))[0] == 200
    assert (await module.send("DELETE", "/api/principal/kim"))[0] == 200
    assert "kim" not in [it["name"] for it in (await module.get("/api/principal?type=individual&page=1&limit=2000"))["items"]]


async def test_a_back_end_takes_what_is_there_for_success(union) -> None:
    back_end = Program(union)
    bodies = [
        ("/api/principal", {"type": "domain", "name": "acme.test"}),
        ("/api/principal", individual("kim")),
        ("/api/dkim", {"id": None, "algorithm": "Ed25519", "domain": "acme.test", "selector": None}),
    ]
    for _ in range(2):
        answers = [await back_end.json("POST", path, body) for path, body in bodies]
        assert all("data" in it or it["error"] == "fieldAlreadyExists" for it in answers)
    assert all("error" in it for it in answers)
    assert len([it for it in await back_end.get("/api/dns/records/acme.test") if "_domainkey" in it["name"]]) == 1


async def test_a_self_service_panel(union) -> None:
    """Waits for a 404 that the old server never gave either: a missing user has no `data`."""
    panel = Program(union)
    await panel.data("POST", "/api/principal", {"type": "domain", "name": "acme.test"})
    await panel.data("POST", "/api/principal", individual("kim"))
    assert await panel.json("GET", "/api/principal/lee") == {"error": "notFound", "item": "lee"}
    assert await panel.change("lee", ("set", "secrets", [ANOTHER])) == {"error": "notFound", "item": "lee"}
    assert await panel.change("kim", ("set", "secrets", ANOTHER)) == {"data": None}
    assert [await logs_in(union, "kim", it) for it in (PASSWORD, ANOTHER)] == [False, True]
    assert await panel.change("kim", ("set", "secrets", [PASSWORD])) == {"data": None}
    assert [await logs_in(union, "kim", it) for it in (PASSWORD, ANOTHER)] == [True, False]


@pytest.mark.parametrize("scheme", ["Basic", "Bearer"])
async def test_terraform_and_signing_keys(union, scheme: str) -> None:
    """The id of a key is its selector to this provider; before it deletes a domain it looks for addresses in it."""
    provider = await with_key(union, scheme)
    await provider.data("POST", "/api/principal", {"type": "domain", "name": "acme.test"})
    for _ in range(2):
        await provider.data("POST", "/api/dkim", {"domain": "acme.test", "algorithm": "Ed25519", "selector": "tf"})
        (record,) = [it for it in await provider.get("/api/dns/records/acme.test") if "_domainkey" in it["name"]]
        assert (record["type"], record["name"], record["content"].startswith("v=DKIM1; k=ed25519;")) == ("TXT", "tf._domainkey.acme.test.", True)
        assert await provider.data("POST", "/api/settings", [{"type": "clear", "prefix": "signature.tf."}]) is None
        assert [it["name"] for it in await provider.get("/api/dns/records/acme.test") if "_domainkey" in it["name"]] == ["tf._domainkey.acme.test."], (
            "as before: no such id"
        )
        assert await provider.data("POST", "/api/settings", [{"type": "clear", "prefix": "signature.ed25519-acme.test."}]) is None
        assert not [it for it in await provider.get("/api/dns/records/acme.test") if "_domainkey" in it["name"]]
    everybody = await provider.get("/api/principal?types=individual,list,group&page=1&limit=100")
    assert not [it for it in everybody["items"] if any(address.endswith("@acme.test") for address in it.get("emails", []))]
    assert await provider.data("DELETE", "/api/principal/acme.test") is None


@pytest.mark.parametrize("scheme", ["Basic", "Bearer"])
async def test_a_shell_script_provisions_twice(union, scheme: str) -> None:
    """`curl -fsS -d` says that its JSON is a form; `-f` fails on any status but a good one; jq takes names out of what it got."""
    script = await with_key(union, scheme, content_type=FORM)
    for _ in range(2):
        names = [it["name"] for it in (await script.get("/api/principal?types=domain&limit=1000"))["items"]]
        if "acme.test" not in names:
            await script.data("POST", "/api/principal", {"type": "domain", "name": "acme.test"})
        if (await script.json("GET", "/api/principal/kim")).get("error") == "notFound":
            await script.data("POST", "/api/principal", individual("kim"))
        assert await script.change("kim", ("set", "secrets", [PASSWORD]), ("addItem", "emails", "desk@acme.test")) == {"data": None}
        assert await script.get("/api/reload") == UNTOUCHED
        assert (await script.get("/api/principal/kim"))["emails"] == ["kim@acme.test", "desk@acme.test"]
    assert [(it["name"], it["type"]) for it in (await script.get("/api/principal?limit=500"))["items"] if it["name"] in ("acme.test", "kim")] == [
        ("acme.test", "domain"), ("kim", "individual"),
    ]  # fmt: skip
    assert (await script.send("DELETE", "/api/principal/kim"))[0] == 200


async def test_a_script_trains_the_spam_filter(union) -> None:
    """The raw message, no header that says so, the account after the word."""
    script = Program(union, content_type=None)
    await script.data("POST", "/api/principal", {"type": "domain", "name": "acme.test"})
    await script.data("POST", "/api/principal", individual("kim"))
    large = b"From: x@far.test\r\nTo: kim@acme.test\r\nSubject: Offer\r\n\r\n" + b"0123456789abcde\r\n" * 20_000
    for path in ("spam", "ham", "spam/kim", "ham/kim@acme.test"):
        assert await script.data("POST", f"/api/spam-filter/train/{path}", large) is None
    kept = union.both.world.types["SpamTrainingSample"].objects.values()
    assert sorted((it["isSpam"], it["accountId"] is None) for it in kept) == [(False, False), (False, True), (True, False), (True, True)]
    assert (await script.json("POST", "/api/spam-filter/train/spam/nobody", large))["error"] == "notFound"


async def test_seeders_at_once(union) -> None:
    seeder = Program(union)
    bodies = [{"type": "domain", "name": "acme.test"}, *({"type": "group", "name": f"g{number}"} for number in range(3))]
    answers = await asyncio.gather(*(seeder.json("POST", "/api/principal", body) for body in bodies * 3))
    assert sorted(it.get("error", "") for it in answers) == [""] * len(bodies) + ["fieldAlreadyExists"] * 2 * len(bodies)


async def test_a_tool_server_passes_everything_on(union) -> None:
    tools = Program(union)
    for target in (
        "/api/principal?type=domain&limit=100",
        "/api/settings/list?prefix=signature",
        "/api/queue/messages?limit=10",
        "/api/queue/reports",
        "/api/reports/tls",
        "/api/logs?limit=50",
        "/api/telemetry/metrics",
    ):
        await tools.json("GET", target)
    sample = Program(union, content_type="text/plain")
    assert await sample.data("POST", "/api/spam-filter/upload/ham", b"From: x@far.test\r\nSubject: Hello\r\n\r\nHi\r\n") is None


@pytest.mark.parametrize("secret", [KEY, hashed(KEY, "canarysalt")])
async def test_a_key_is_used_as_soon_as_it_is_made(union, secret: str) -> None:
    """In each of its forms, on old and new paths; what was read of it is the key's own principal, and after it is deleted it opens nothing."""
    admin = Program(union)
    body = {"type": "apiKey", "name": "robot", "description": "Backups", "secrets": [secret], "enabledPermissions": ["authenticate", "authenticate-oauth", "domain-list"]}
    id_ = await admin.data("POST", "/api/principal", body)
    robot = union.as_(("robot", KEY))
    for scheme in ("Basic", "basic", "Bearer", "bearer"):
        key = Program(robot, scheme=scheme)
        assert (await key.get("/api/principal?types=domain"))["total"] >= 1
        assert (await key.send("GET", "/api/queue/messages"))[0] == 403
        assert (await Program(union.as_(("robot", ANOTHER)), scheme=scheme).send("GET", "/api/principal?types=domain"))[0] == 401
        assert (await key.send("GET", "/jmap/session"))[0] == 200
    shown = await admin.get("/api/principal/robot")
    assert (shown["id"], shown["type"], shown["description"]) == (id_, "apiKey", "Backups")
    assert [it["name"] for it in (await admin.get("/api/principal?types=apiKey"))["items"]] == ["robot"]
    assert await admin.change("robot", ("set", "secrets", [ANOTHER])) == {"data": None}
    assert [(await Program(union.as_(("robot", it)), scheme="Bearer").send("GET", "/api/principal?types=domain"))[0] for it in (KEY, ANOTHER)] == [401, 200]
    assert await admin.data("DELETE", "/api/principal/robot") is None
    assert (await Program(union.as_(("robot", ANOTHER)), scheme="Bearer").send("GET", "/api/principal?types=domain"))[0] == 401


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html"])
async def test_replies_come_whatever_a_client_says_it_takes(union, accept: str) -> None:
    headers = {"Authorization": aiohttp.encode_basic_auth(*union.login), "Accept": accept, "Accept-Encoding": "identity"}
    async with union.http.get(f"{union.both.gateway}/api/principal?types=domain&limit=1&", headers=headers) as answer:
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json; charset=utf-8")
        assert (await answer.json()).keys() == {"data"}
