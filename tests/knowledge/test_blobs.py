import json
from pathlib import Path

import pytest

from gateway.knowledge.blobs import hash_of, unrestricted_id

PAIRS = [
    it
    for it in json.loads((Path(__file__).parent.parent / "vectors" / "operations.json").read_text())["codec"]
    if it["kind"] == "blob"
]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair["class"])
def test_every_class_of_blob_id_holds_the_hash(pair):
    assert hash_of(pair["blobId"]) == pair["blob_hash"]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair["class"])
def test_the_form_without_owner_is_rebuilt_from_the_hash(pair):
    assert (unrestricted_id(bytes.fromhex(pair["hash_hex"])) == pair["blobId"]) is pair["reversible"]


@pytest.mark.parametrize("blob_id", ["", "ea", "e" * 52, "e" * 60 + "8", "e" * 60 + "_", "é" * 60])
def test_what_holds_no_hash_is_refused(blob_id):
    with pytest.raises(ValueError, match=r".+"):
        hash_of(blob_id)


def test_a_hash_has_32_bytes():
    with pytest.raises(ValueError, match="32 bytes"):
        unrestricted_id(b"short")
