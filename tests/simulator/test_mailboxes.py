"""A message for an own account lies in its mailbox, and is stored once (recordings `blobs.email`)."""

import base64

USER = ("olga@lab.test", "canary of olga 1")
HANK = ("hank@lab.test", "canary of hank 1")
MAIL = ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"]


async def test_mail_comes_in_and_can_be_read(server):
    data = b"From: <alice@sender.test>\r\nSubject: stored\r\n\r\nstored text\r\n"
    message = {"mail_from": "alice@sender.test", "mail_options": [], "rcpt_to": ["olga@lab.test", "nobody@lab.test"], "rcpt_options": []}
    message |= {"helo": "client.sender.test", "remote_ip": "127.0.0.1", "data": base64.b64encode(data).decode()}
    taken = (await server.ask("POST", "/.simulator/inject", message, user=None)).json
    assert taken == {"mail": "250 2.1.0", "rcpt": {"olga@lab.test": "250 2.1.5", "nobody@lab.test": "550 5.1.2"}, "data": "250 2.0.0"}
    server.world.clock.advance(2)
    reference = {"resultOf": "c0", "name": "Email/query", "path": "/ids"}
    query = {"accountId": "b", "sort": [{"property": "receivedAt", "isAscending": False}], "limit": 1}
    get = {"accountId": "b", "#ids": reference, "properties": ["blobId", "subject", "size"]}
    answers = await server.batch(("Email/query", query), ("Email/get", get), user=USER, using=MAIL)
    (email,) = answers[1][1]["list"]
    stored = (await server.ask("GET", f"/jmap/download/b/{email['blobId']}/m.eml", user=USER)).raw
    assert (email["subject"], email["size"]) == ("stored", len(stored))
    assert stored.startswith(b"Delivered-To: olga@lab.test\r\n")
    assert stored.endswith(data)
    assert (await server.ask("GET", f"/jmap/download/c/{email['blobId']}/m.eml", user=HANK)).status == 404
    assert (await server.one("x:Account/get", {"ids": ["b"], "properties": ["usedDiskQuota"]}))["list"] == [{"usedDiskQuota": len(stored), "id": "b"}]


async def test_folders_of_others_are_closed(server):
    own = await server.batch(("Mailbox/query", {"accountId": "b"}), user=USER, using=MAIL)
    assert own[0][1]["ids"] == ["a", "b", "c", "d", "e"]
    ((name, error),) = await server.batch(("Mailbox/query", {"accountId": "c"}), user=USER, using=MAIL)
    assert (name, error["type"]) == ("error", "forbidden")
