"""Signatures: what the server says of keys that it cannot use, and their public half (recordings `directory.dkim`)."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

NOT_BUILT = "Failed to validate DKIM signature: DKIM build error (dkim.build-error): reason = "
RSA_TYPE, ED_TYPE = "Dkim1RsaSha256", "Dkim1Ed25519Sha256"
KEY, OTHER = ed25519.Ed25519PrivateKey.generate(), ed25519.Ed25519PrivateKey.generate()
LONG, SHORT = rsa.generate_private_key(65537, 2048), rsa.generate_private_key(65537, 1024)  # noqa: S505 - that is the point


def pem(key, form=PrivateFormat.PKCS8):
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


def text(secret):
    return {"@type": "Text", "secret": secret}


PUBLIC_PEM = LONG.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
REFUSED = [
    (RSA_TYPE, text(pem(SHORT)), "Cryptography layer error: TooSmall, details = Failed to build RSA key"),
    (ED_TYPE, text(pem(LONG)), "Cryptography layer error: WrongAlgorithm, details = Failed to build ED25519 key"),
    (RSA_TYPE, text(pem(KEY)), "Cryptography layer error: WrongAlgorithm, details = Failed to build RSA key"),
    (
        RSA_TYPE,
        text(pem(ec.generate_private_key(ec.SECP256R1()))),
        "Cryptography layer error: WrongAlgorithm, details = Failed to build RSA key",
    ),
    (RSA_TYPE, text("hello"), "no items found, details = Failed to build RSA key"),
    (RSA_TYPE, text(PUBLIC_PEM), "no items found, details = Failed to build RSA key"),
    (
        RSA_TYPE,
        {"@type": "File", "filePath": "/nonexistent"},
        "Failed to read secret from file '/nonexistent': No such file or directory (os error 2)",
    ),
    (RSA_TYPE, {"@type": "EnvironmentVariable", "variableName": "NO_SUCH"}, "Environment variable 'NO_SUCH' not found"),
]


def wish(type_, key, **more):
    return {"@type": type_, "domainId": "b", "selector": "s", "privateKey": key} | more


def refusal(server, value):
    return server.one("x:DkimSignature/set", {"create": {"c0": value}})["notCreated"]["c0"]


@pytest.mark.parametrize(("type_", "key", "reason"), REFUSED, ids=lambda it: it if isinstance(it, str) else "")
def test_keys_that_cannot_sign(server, type_, key, reason):
    assert refusal(server, wish(type_, key)) == {"type": "invalidProperties", "description": NOT_BUILT + reason}


@pytest.mark.parametrize(
    ("member", "named"), [("privateKey", "secret"), ("selector", "selector"), ("domainId", "domainId")]
)
def test_what_is_missing(server, member, named):
    value = wish(RSA_TYPE, text(pem(LONG)))
    del value[member]
    words = f"DKIM signature validation failed, details = [Property '{named}' is required]"
    assert refusal(server, value) == {"type": "invalidProperties", "description": NOT_BUILT + words}


def test_a_domain_that_does_not_exist(server):
    assert refusal(server, wish(ED_TYPE, text(pem(KEY)), domainId="z9")) == {
        "type": "invalidForeignKey",
        "objectId": {"object": "Domain", "id": "z9"},
    }


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_public_keys(server, form):
    ids = [
        server.made("DkimSignature", wish(RSA_TYPE, text(pem(LONG, form)))),
        server.made("DkimSignature", wish(ED_TYPE, text(pem(KEY)))),
    ]
    shown = {it["id"]: it["publicKey"] for it in server.one("x:DkimSignature/get", {"ids": ids})["list"]}
    halves = [
        LONG.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        KEY.public_key().public_bytes_raw(),
    ]
    assert [shown[id_] for id_ in ids] == [base64.b64encode(it).decode() for it in halves]


def test_an_update_tries_the_key_only_when_it_changes(server):
    id_ = server.made("DkimSignature", wish(ED_TYPE, text(pem(KEY))))

    def change(patch):
        answer = server.one("x:DkimSignature/set", {"update": {id_: patch}})
        return answer.get("notUpdated", {}).get(id_)

    assert change({"selector": "t", "stage": "retired"}) is None
    assert change({"privateKey/secret": pem(OTHER)}) is None
    assert (
        change({"privateKey/secret": "****"})["description"]
        == f"{NOT_BUILT}no items found, details = Failed to build ED25519 key"
    )
    missing = ", ".join(f"Property '{name}' is required" for name in ("secret", "domainId", "selector"))
    assert (
        change({"@type": RSA_TYPE})["description"]
        == f"{NOT_BUILT}DKIM signature validation failed, details = [{missing}]"
    )
