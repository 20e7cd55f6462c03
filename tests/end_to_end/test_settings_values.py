"""Whatever a fresh server has comes back from its old text: a page that is saved as it was read changes nothing."""

import json

from gateway.knowledge.conversions import MASK, Many, Scalar, conversion
from gateway.knowledge.expressions import read, write
from gateway.knowledge.settings_map import SETTINGS
from gateway.legacy.settings.naming import COLLECTIONS

EXPRESSIONS = {"expression", "expression-sign", "expression-single"}


async def objects(old, type_):
    """All objects of a type, as the new server has them."""
    call = [f"x:{type_}/get", {"ids": None if type_ in COLLECTIONS else ["singleton"]}, "c0"]
    body = {"using": ["urn:ietf:params:jmap:core", "urn:stalwart:jmap"], "methodCalls": [call]}
    _, _, answer = await old.response("POST", "/jmap/", json.dumps(body), {"Content-Type": "application/json"})
    name, arguments, _ = answer["methodResponses"][0]
    assert name == call[0], arguments
    return arguments["list"]


def value_at(it, pointer):
    """Value of a property and whether the object has it."""
    for element in pointer.split("/")[1:]:
        if not isinstance(it, dict) or element not in it:
            return None, False
        it = it[element]
    return it, True


async def test_every_value_of_a_fresh_server_comes_back(old):
    rows = [row for row in SETTINGS.rows if row.direction != "none" and not row.pointer.endswith("/@type")]
    known = {type_: await objects(old, type_) for type_ in sorted({type_ for row in rows for type_ in row.objects})}
    seen = set()
    for row in rows:
        codec = conversion(row.form)
        for it in (it for type_ in row.objects for it in known[type_]):
            value, there = value_at(it, row.pointer)
            if not there or value is None:
                continue
            if row.word in EXPRESSIONS:
                chain = read(row.form, value)
                assert not chain or write(row.form, chain) == value, row.pattern
                seen.add(row.pattern)
            elif isinstance(codec, Many) or (isinstance(codec, Scalar) and codec.read(value) != MASK):
                assert codec.write(codec.read(value)) == value, row.pattern
                seen.add(row.pattern)
    assert len(seen) > 350
