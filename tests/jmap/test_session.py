import pytest

from gateway.jmap.errors import Garbled
from gateway.jmap.session import Account, ServerLimits, Session, account_of, base_url, session_of

CORE = {
    "maxSizeUpload": 50000000,
    "maxConcurrentUpload": 4,
    "maxSizeRequest": 10000000,
    "maxConcurrentRequests": 8,
    "maxCallsInRequest": 16,
    "maxObjectsInGet": 250,
    "maxObjectsInSet": 100,
    "collationAlgorithms": ["i;ascii-numeric"],
}


def session_object(**changes):
    return {
        "capabilities": {"urn:ietf:params:jmap:core": CORE},
        "accounts": {},
        "primaryAccounts": {"urn:ietf:params:jmap:mail": "b", "urn:stalwart:jmap": "d333333"},
        "username": "admin",
        "apiUrl": "https://mail.example.org/jmap/",
        "downloadUrl": "https://mail.example.org/jmap/download/{accountId}/{blobId}/{name}?accept={type}",
        "uploadUrl": "https://mail.example.org/jmap/upload/{accountId}/",
        "state": "3e25b2a0",
    } | changes


def test_of_a_session_the_limits_the_own_account_and_the_paths_count():
    assert session_of(session_object()) == Session(
        limits=ServerLimits(
            calls=16,
            objects_in_get=250,
            objects_in_set=100,
            concurrent_requests=8,
            request_bytes=10000000,
            upload_bytes=50000000,
            concurrent_uploads=4,
        ),
        account="d333333",
        username="admin",
        api="/jmap/",
        download="/jmap/download/{accountId}/{blobId}/{name}?accept={type}",
        upload="/jmap/upload/{accountId}/",
    )


def test_hosts_of_a_session_are_never_followed():
    session = session_of(session_object(apiUrl="https://evil.example/elsewhere/jmap/"))
    assert session.api == "/elsewhere/jmap/"


@pytest.mark.parametrize("url", ["", "jmap/", None, 5, "https://mail.example.org", "https://[broken"])
def test_an_unusable_path_is_replaced_by_the_usual_one(url):
    assert session_of(session_object(apiUrl=url)).api == "/jmap/"


def test_bare_paths_of_the_recovery_mode_are_taken():
    assert session_of(session_object(apiUrl="/jmap/")).api == "/jmap/"


@pytest.mark.parametrize("value", [0, -1, "500", 1.5, True, None])
def test_a_senseless_limit_is_replaced_by_the_usual_one(value):
    capabilities = {"urn:ietf:params:jmap:core": CORE | {"maxObjectsInGet": value}}
    assert session_of(session_object(capabilities=capabilities)).limits.objects_in_get == 500


@pytest.mark.parametrize("document", [None, [], {}, {"capabilities": []}, {"capabilities": {"urn:ietf:params:jmap:core": 1}}])
def test_something_else_is_no_session(document):
    with pytest.raises(Garbled):
        session_of(document)


def test_an_account_has_rights_edition_and_locale():
    document = {"permissions": ["authenticate", "sysTaskGet"], "edition": "community", "locale": "de_DE"}
    assert account_of(document) == Account(frozenset({"authenticate", "sysTaskGet"}), "community", "de_DE")


@pytest.mark.parametrize("document", [None, [], {}, {"permissions": "all"}, {"permissions": [1]}, {"permissions": None}])
def test_something_else_is_no_account(document):
    with pytest.raises(Garbled):
        account_of(document)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("https://mail.example.org/behind/", "https://mail.example.org/behind"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_the_base_is_used_without_a_last_slash(text, url):
    assert str(base_url(text)).rstrip("/") == url


@pytest.mark.parametrize(
    "text",
    ["", "127.0.0.1:8080", "mail.example.org", "ftp://x", "http://", "http://u:p@x", "http://u@x", "http://x?a=1", "http://x#a", "http://x:port"],
)
def test_an_upstream_that_cannot_be_one_is_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        base_url(text)
