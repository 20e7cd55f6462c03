"""x:Action: commands, reloads, DMARC checks, spam classification."""

import pytest

MESSAGE = "From: Alice <alice@sender.test>\r\nTo: olga@lab.test\r\nSubject: Hello\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\nMessage-ID: <m1@sender.test>\r\n\r\nHello Olga, how are you?\r\n"
UNSET = "0.0.0.0"  # noqa: S104 - what an address that was not given reads like
DMARC = {"@type": "TroubleshootDmarc", "remoteIp": "127.0.0.1", "ehloDomain": "sender.test", "mailFrom": "alice@sender.test", "spfEhloDomain": "x", "spfMailFromDomain": "y"}
SPAM = {"@type": "ClassifySpam", "message": MESSAGE, "remoteIp": "127.0.0.1", "ehloDomain": "sender.test", "envFrom": "alice@sender.test", "envRcptTo": {"olga@lab.test": True}, "isTls": False}


@pytest.fixture
def do(server):
    """The entry of `created` or `notCreated`."""

    def act(action, user="admin"):
        answer = server.ask("x:Action/set", {"create": {"a": action}}, user)
        return (answer.get("created") or answer.get("notCreated"))["a"]

    return act


def test_the_id_is_the_time(do) -> None:
    assert do({"@type": "ReloadBlockedIps", "nope": 1}) == {"id": "bvqdf9d"}


def test_nothing_can_be_read_found_changed_or_destroyed(server) -> None:
    assert server.ask("x:Action/get", {"ids": ["b", "!"]}) == {"list": [], "notFound": ["!", "b"]}
    assert server.ask("x:Action/query", {}) == {"type": "invalidArguments", "description": "Actions cannot be queried"}
    assert server.ask("x:Action/set", {"update": {"b": {}}, "destroy": ["b"]}) == {
        "notUpdated": {"b": {"type": "forbidden", "description": "Actions cannot be updated"}},
        "notDestroyed": {"b": {"type": "forbidden", "description": "Actions cannot be destroyed"}},
    }


def test_each_action_needs_its_own_right(server, do) -> None:
    server.allow("hank", "sysActionCreate", "actionReloadBlockedIps")
    assert "id" in do({"@type": "ReloadBlockedIps"}, user="hank")
    assert do({"@type": "PauseMtaQueue"}, user="hank") == {"type": "forbidden", "description": "Insufficient permissions to perform action of type PauseMtaQueue"}
    assert do({"@type": "Nope"}) == {"type": "invalidPatch", "description": "Missing or invalid '@type' property in object", "properties": [""]}


def test_the_queue_is_paused_and_resumed(server, do) -> None:
    do({"@type": "PauseMtaQueue"})
    server.inject("alice@sender.test", "ok@ok.test")
    server.world.clock.advance(60)
    assert len(server.found()) == 1
    do({"@type": "ResumeMtaQueue"})
    server.world.clock.advance(1)
    assert server.found() == []


def test_a_restart_forgets_that_the_queue_is_paused(server, do) -> None:
    do({"@type": "PauseMtaQueue"})
    server.inject("alice@sender.test", "ok@ok.test")
    server.world.tell("server.restarted", None)
    server.world.clock.advance(1)
    assert server.found() == []


def test_one_bad_setting_holds_everything_back(server, do) -> None:
    secret = {"@type": "File", "filePath": "/nonexistent/secret"}
    directory = server.ask("x:Directory/set", {"create": {"d": {"@type": "Ldap", "description": "bad", "url": "ldap://127.0.0.1:9", "baseDn": "dc=x", "bindDn": "cn=x", "bindSecret": secret}}})["created"]["d"]["id"]
    server.ask("x:SpamTag/set", {"create": {"t": {"@type": "Score", "tag": "ARC_NA", "score": 3.0}}})
    assert do({"@type": "ReloadSettings"}) == {
        "type": "validationFailed",
        "description": "Failed to read secret from file '/nonexistent/secret': No such file or directory (os error 2)",
        "objectId": {"object": "Directory", "id": directory},
    }
    assert do(SPAM)["score"] == 0.0
    server.ask("x:Directory/set", {"destroy": [directory]})
    assert "id" in do({"@type": "ReloadSettings"})
    assert do(SPAM)["score"] == 3.0


def test_only_its_own_reload_looks_at_lookup_stores(server, do) -> None:
    store = {"@type": "PostgreSql", "host": "127.0.0.1", "port": 9, "database": "x", "authUsername": "u", "authSecret": {"@type": "Value", "secret": "p"}}
    server.ask("x:StoreLookup/set", {"create": {"s": {"namespace": "badstore", "store": store}}})
    assert "id" in do({"@type": "ReloadSettings"})
    assert do({"@type": "ReloadLookupStores"})["description"] == "Binary was not compiled with the selected lookup store backend"


def test_a_new_delivery_schedule_is_in_force_after_a_reload(server, do) -> None:
    (schedule,) = server.ask("x:MtaDeliverySchedule/query", {"filter": {"name": "remote"}})["ids"]
    queue = server.ask("x:MtaVirtualQueue/set", {"create": {"q": {"name": "default"}}})["created"]["q"]["id"]
    server.ask("x:MtaDeliverySchedule/set", {"update": {schedule: {"queueId": queue, "retry": {"@type": "Custom", "intervals": {"0": {"duration": 60_000}}}}}})
    names = [next(iter(server.message(server.queued("a@sender.test", "b@temp.test"))["recipients"].values()))["queueName"]]
    do({"@type": "ReloadSettings"})
    recipient = next(iter(server.message(server.queued("a@sender.test", "c@temp.test"))["recipients"].values()))
    assert [*names, recipient["queueName"]] == ["remote", "default"]
    assert recipient["retryDue"] == "2026-11-21T13:07:45Z"


def test_dmarc_of_a_good_message(do) -> None:
    assert do(DMARC | {"message": MESSAGE}) == {
        "spfEhloDomain": "sender.test",
        "spfEhloResult": {"@type": "Pass"},
        "spfMailFromDomain": "sender.test",
        "spfMailFromResult": {"@type": "Pass"},
        "ipRevResult": {"@type": "Pass"},
        "ipRevPtr": {"localhost.": True},
        "dkimResults": {},
        "dkimPass": False,
        "dkim2Result": {"@type": "None"},
        "dkim2Pass": False,
        "arcResult": {"@type": "None"},
        "dmarcResult": {"@type": "Pass"},
        "dmarcPass": True,
        "dmarcPolicy": "none",
        "elapsed": 0,
    }


@pytest.mark.parametrize(
    ("changes", "member", "outcome"),
    [
        ({"remoteIp": "192.0.2.55"}, "spfMailFromResult", {"details": None, "@type": "SoftFail"}),
        ({"remoteIp": "192.0.2.55"}, "ipRevResult", {"details": "DNS record not found: Non-Existent Domain", "@type": "PermError"}),
        ({"remoteIp": "192.0.2.55"}, "dmarcResult", {"@type": "None"}),
        ({"ehloDomain": "y.servfail.test"}, "spfEhloResult", {"details": None, "@type": "TempError"}),
        ({"ehloDomain": "localhost"}, "spfEhloResult", {"@type": "None"}),
        ({"mailFrom": "x@example.org"}, "spfMailFromResult", {"details": None, "@type": "Fail"}),
        ({"message": MESSAGE.replace("alice@sender.test", "boss@example.org")}, "dmarcResult", {"details": "Policy not aligned", "@type": "Fail"}),
        ({"message": MESSAGE.replace("alice@sender.test", "boss@example.org")}, "dmarcPolicy", "reject"),
        ({"message": "From: a@sender.test\r\nFrom: b@example.org\r\n\r\nbody"}, "dmarcResult", {"@type": "None"}),
        ({"message": "DKIM-Signature: v=1; a=rsa-sha256; d=sender.test; s=none; h=from; bh=AAAA; b=AAAA\r\n" + MESSAGE}, "dkimResults", {"0": {"details": "Calculated body hash does not match signature hash", "@type": "Neutral"}}),
    ],
)
def test_dmarc_of_other_messages(do, changes, member, outcome) -> None:
    assert do(DMARC | changes)[member] == outcome


def test_a_signature_over_the_right_body_lacks_its_key(do) -> None:
    signed = "DKIM-Signature: v=1; a=rsa-sha256; d=sender.test; s=none; h=from; bh=QpP/jWTgnIdyoFAECieSYohL7D2qXlBG5YxBakKbPwM=; b=AAAA\r\n" + MESSAGE
    assert do(DMARC | {"message": signed})["dkimResults"] == {"0": {"details": "DNS record not found: Non-Existent Domain", "@type": "PermError"}}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"remoteIp": UNSET}, {"type": "validationFailed", "validationErrors": [{"type": "Invalid", "property": "remoteIp", "value": UNSET}]}),
        ({"remoteIp": "300.1.1.1"}, {"type": "invalidPatch", "description": "Failed to parse IpAddr from string", "properties": ["remoteIp"]}),
        ({"mailFrom": "alice"}, {"type": "invalidPatch", "description": "Invalid email address", "properties": ["mailFrom"]}),
        ({"message": "just text"}, {"type": "invalidProperties", "description": "Failed to parse the message for DMARC troubleshooting", "properties": ["body"]}),
        ({"dmarcPass": True}, {"type": "invalidPatch", "description": "Cannot modify server set property", "properties": ["dmarcPass"]}),
        ({"body": MESSAGE}, {"type": "invalidPatch", "description": "Invalid property", "properties": ["body"]}),
        ({"nope": 1}, {"type": "invalidPatch", "description": "Invalid key for object", "properties": [""]}),
        ({"to": ["olga@lab.test"]}, {"type": "invalidPatch", "description": "Invalid value for object property", "properties": ["to"]}),
    ],
)
def test_wrong_dmarc_questions(do, changes, error) -> None:
    assert do(DMARC | changes) == error


def test_tags_of_a_plain_message(do) -> None:
    answer = do(SPAM)
    assert (answer["score"], answer["result"]) == (0.0, "ham")
    assert set(answer["tags"]) == {"ARC_NA", "DKIM2_NA", "DKIM_NA", "DMARC_POLICY_ALLOW", "ENV_FROM_INVALID", "FROM_EQ_ENV_FROM", "FROM_INVALID", "HELO_NOT_FQDN", "MID_RHS_MATCH_ENV_FROM", "MID_RHS_MATCH_FROM", "RCPT_COUNT_ONE", "RCVD_COUNT_ZERO", "RCVD_NO_TLS_LAST", "SINGLE_SHORT_PART", "SPF_ALLOW", "TO_DN_NONE", "TO_MATCH_ENVRCPT_ALL", "X_HDR_DATE", "X_HDR_FROM", "X_HDR_MESSAGE_ID", "X_HDR_SUBJECT", "X_HDR_TO"}
    assert answer["tags"]["ARC_NA"] == {"score": 0.0, "disposition": "reject"}


@pytest.mark.parametrize(
    ("changes", "more", "fewer"),
    [
        ({"isTls": True, "authenticatedAs": "olga@lab.test"}, {"RCVD_TLS_LAST", "RCVD_VIA_SMTP_AUTH"}, {"RCVD_NO_TLS_LAST"}),
        ({"remoteIp": "192.0.2.99"}, {"RDNS_NONE", "SPF_SOFTFAIL", "DMARC_NA"}, {"SPF_ALLOW", "DMARC_POLICY_ALLOW"}),
        ({"envFrom": "postmaster@sender.test"}, {"FROM_BOUNCE"}, {"FROM_EQ_ENV_FROM"}),
        ({"envRcptTo": {"x@elsewhere.test": True}}, {"FORGED_RECIPIENTS"}, {"TO_MATCH_ENVRCPT_ALL"}),
        ({"envFrom": "x@foo.com"}, {"FROMHOST_NORES_A_OR_MX", "SPF_NA", "DMARC_NA"}, {"ENV_FROM_INVALID", "FROM_EQ_ENV_FROM", "MID_RHS_MATCH_ENV_FROM", "SPF_ALLOW", "DMARC_POLICY_ALLOW"}),
        ({"message": MESSAGE.replace("Hello\r\n", "BUY NOW $\r\n")}, {"SUBJ_ALL_CAPS", "SUBJECT_HAS_CURRENCY"}, set()),
    ],
)
def test_what_changes_the_tags(do, changes, more, fewer) -> None:
    plain, other = set(do(SPAM)["tags"]), set(do(SPAM | changes)["tags"])
    assert (other - plain, plain - other) == (more, fewer)


@pytest.mark.parametrize(
    ("tags", "settings", "verdict"),
    [
        ([{"@type": "Score", "tag": "ARC_NA", "score": 4.5}, {"@type": "Score", "tag": "DKIM_NA", "score": 3.0}], {}, ("spam", 7.5)),
        ([{"@type": "Score", "tag": "ARC_NA", "score": 1.0}, {"@type": "Reject", "tag": "DKIM_NA"}], {}, ("reject", 0.0)),
        ([{"@type": "Discard", "tag": "DKIM_NA"}], {}, ("discard", 0.0)),
        ([{"@type": "Score", "tag": "X_HDR_*", "score": 0.5}], {}, ("ham", 2.5)),
        ([{"@type": "Score", "tag": "ARC_NA", "score": 3.0}], {"scoreReject": 2.0}, ("reject", 0.0)),
        ([{"@type": "Score", "tag": "ARC_NA", "score": 3.0}], {"scoreDiscard": 2.0}, ("discard", 0.0)),
    ],
)
def test_scores_and_thresholds(server, do, tags, settings, verdict) -> None:
    server.ask("x:SpamTag/set", {"create": {f"t{number}": tag for number, tag in enumerate(tags)}})
    server.ask("x:SpamSettings/set", {"update": {"singleton": settings}})
    do({"@type": "ReloadSettings"})
    answer = do(SPAM)
    assert (answer["result"], answer["score"]) == verdict


def test_a_message_without_a_known_header_cannot_be_judged(do) -> None:
    assert do(SPAM | {"message": "X-Foo: bar\r\n\r\nbody\r\n"}) == {"type": "invalidProperties", "description": "Failed to parse the message for spam classification", "properties": ["message"]}
