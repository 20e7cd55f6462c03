"""Ids are those of recorded exchanges (`blobs.upload`, `blobs.queue.blobId`, `blobs.email`)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.knowledge.blobs import unrestricted_id
from gateway.simulator.blobs import codec
from gateway.simulator.blobs.codec import ANY_ACCOUNT, NEVER, BlobName

USER = ("olga@lab.test", "canary of olga 1")
HANK = ("hank@lab.test", "canary of hank 1")
BLOB = ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:blob"]
UPLOAD = "ec9ebwdqdpkqvylq7dij09kav0cw7orhn9qe9hciy0esghcyxhsyj333333q3comq9mam"
USERS_UPLOAD = "ec9ebwdqdpkqvylq7dij09kav0cw7orhn9qe9hciy0esghcyxhsyiamjzsdnqbq"
QUEUED = "ecmdcgnuwxwb73cdxztx0vd1qxbmiovlg31norx9aonj77xqlom0p333333q333333333333333qc"
EMAIL = "ccgoec3t03kkmdq2xendxm9tarzivmx02wmd2z3vffwhvtw7rmrkcaiaay"


def test_what_recorded_ids_say():
    upload, users, queued, email = (codec.read(text) for text in (UPLOAD, USERS_UPLOAD, QUEUED, EMAIL))
    assert (upload.linked, upload.account, upload.unrestricted) == (False, ANY_ACCOUNT, False)
    assert (users.account, users.digest) == (1, upload.digest)
    assert 0 <= upload.expires - users.expires < 60
    assert queued == BlobName(linked=False, digest=queued.digest, account=ANY_ACCOUNT, expires=NEVER)
    assert (queued.unrestricted, unrestricted_id(queued.digest)) == (True, QUEUED)
    assert (email.linked, email.account) == (True, 1)
    assert [codec.write(name) for name in (upload, users, queued)] == [UPLOAD, USERS_UPLOAD, QUEUED]


@given(st.booleans(), st.binary(min_size=32, max_size=32), st.integers(0, ANY_ACCOUNT), st.integers(0, NEVER))
def test_ids_can_be_read_back(linked, digest, account, expires):
    name = BlobName(linked=linked, digest=digest, account=account, expires=expires)
    assert codec.read(codec.write(name)) == name


@pytest.mark.parametrize("text", ["", "xyz", "!!!!", QUEUED[:40], QUEUED.upper(), "a" * 77])
def test_what_is_no_id(text):
    assert codec.read(text) is None


async def upload(server, content=b"hello upload", *, account="b", user=USER, content_type="text/plain"):
    return (await server.ask("POST", f"/jmap/upload/{account}/", content, user=user, headers={"Content-Type": content_type})).json


async def test_an_upload_is_kept_for_its_account_and_an_hour(server):
    first = await upload(server)
    assert first == {"accountId": "b", "blobId": first["blobId"], "type": "text/plain", "size": 12}
    server.world.clock.advance(3599)
    assert (await upload(server))["blobId"] == first["blobId"]
    path = f"/jmap/download/b/{first['blobId']}/x.txt"
    assert (await server.ask("GET", path, user=USER)).raw == b"hello upload"
    assert (await server.ask("GET", path, user=HANK)).status == 404
    server.world.clock.advance(2)
    assert (await server.ask("GET", path, user=USER)).status == 404
    assert (await upload(server))["blobId"] != first["blobId"]


async def test_the_account_of_an_upload_is_not_checked(server):
    assert (await upload(server, account="c"))["accountId"] == "c"
    assert (await server.ask("POST", "/jmap/upload/", b"x")).json["accountId"] == "a"
    assert (await server.ask("POST", "/jmap/upload/!/", b"x")).status == 404
    assert (await server.ask("PUT", "/jmap/upload/b/", b"x")).status == 404
    assert (await server.ask("POST", "/jmap/upload/b/", b"x", user=None)).status == 401


async def test_uploads_have_a_limit_that_a_right_lifts(server):
    content = b"x" * 50_000_001
    assert (await upload(server, content, user=USER))["limit"] == "maxSizeUpload"
    assert (await upload(server, content, user=("admin", "Canary-admin-1")))["size"] == 50_000_001


async def test_what_a_download_looks_like(server):
    id_ = (await upload(server))["blobId"]
    answer = await server.ask("GET", f"/jmap/download/zzzz/{id_}/a%20b%22c.txt?accept=message%2Frfc822", user=USER)
    assert {name: answer.headers[name] for name in ("Content-Type", "Content-Disposition", "Cache-Control")} == {
        "Content-Type": "message/rfc822",
        "Content-Disposition": 'attachment; filename="a b\\"c.txt"',
        "Cache-Control": "private, immutable, max-age=31536000",
    }
    for target in (f"b/{id_}", f"!/{id_}/x", "b//x", "b", "", f"b/{id_}/x/y"):
        assert (await server.ask("GET", f"/jmap/download/{target}", user=USER)).status == 404


async def test_any_blob_for_those_who_may(server):
    id_ = server.world.blobs.unrestricted(b"of the queue")
    path = f"/jmap/download/b/{id_}/x"
    assert (await server.ask("GET", path)).raw == b"of the queue"
    assert (await server.ask("GET", path, user=USER)).status == 404
    await server.changed("Account", "b", {"permissions": {"@type": "Merge", "enabledPermissions": {"fetchAnyBlob": True}}})
    assert (await server.ask("GET", path, user=USER)).raw == b"of the queue"
    assert (await server.ask("GET", f"/jmap/download/b/{unrestricted_id(bytes(32))}/x")).status == 404


async def test_blobs_by_method(server):
    create = {"b": {"data": [{"data:asText": "hello"}, {"data:asBase64": "IHdvcmxk"}], "type": "text/plain"}, "none": {}}
    ((_, made),) = await server.batch(("Blob/upload", {"accountId": "b", "create": create}), using=BLOB, user=USER)
    id_ = made["created"]["b"]["id"]
    assert made == {
        "accountId": "b",
        "created": {"b": {"id": id_, "type": "text/plain", "size": 11}},
        "notCreated": {"none": {"type": "invalidProperties", "description": "Must specify at least one valid DataSourceObject."}},
    }
    get = {"accountId": "b", "ids": [id_, "xyz"], "properties": ["data:asText", "size"]}
    ((_, found),) = await server.batch(("Blob/get", get), using=BLOB, user=USER)
    assert found == {"accountId": "b", "list": [{"data:asText": "hello world", "size": 11, "id": id_}], "notFound": ["xyz"]}
    bad = {"accountId": "d333333", "create": {"b": {"data": [{"data:asBase64": "!!!"}]}}}
    refused = await server.batch(("Blob/upload", {"create": {}}), ("Blob/upload", {"accountId": "c", "create": {}}), using=BLOB, user=USER)
    refused += await server.batch(("Blob/upload", bad), using=["urn:ietf:params:jmap:core", "urn:stalwart:jmap", "urn:ietf:params:jmap:blob"])
    assert refused == [
        ["error", {"type": "invalidArguments", "description": 'The "accountId" property is required.'}],
        ["error", {"type": "forbidden", "description": "You are not an owner of account c"}],
        ["error", {"type": "invalidArguments", "description": "Failed to decode base64 data at line 1 column 198"}],
    ]
