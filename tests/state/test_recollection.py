"""The memory of principals that ends with the process."""

from gateway.state import OldName, Recollection


def name(id_, text, address, type_="Account"):
    return OldName(type_, id_, text, address, implied=False)


async def test_names_are_found_by_address_and_by_name():
    memory = Recollection()
    kim, crew = name("b", "kim", "kim@a.test"), name("b", "crew", "crew@a.test", "MailingList")
    twin = name("c", "kim", "kim@b.test")
    for old in (kim, crew, twin):
        await memory.remember(old)
    assert await memory.at_addresses({"kim@a.test", "crew@a.test", "lee@a.test"}) == {"kim@a.test": kim, "crew@a.test": crew}
    assert sorted(await memory.called({"kim", "nobody"}), key=lambda it: it.id) == [kim, twin]
    assert await memory.called({"kim@a.test"}) == []


async def test_an_object_has_one_name():
    memory = Recollection()
    await memory.remember(name("b", "kim", "kim@a.test"))
    await memory.remember(name("b", "kimberly", "kimberly@a.test"))
    assert await memory.called({"kim"}) == []
    assert await memory.at_addresses({"kim@a.test"}) == {}
    assert len(await memory.called({"kimberly"})) == 1


async def test_an_address_tells_who_had_it_last():
    memory = Recollection()
    await memory.remember(name("b", "kim", "kim@a.test"))
    await memory.remember(later := name("c", "k", "kim@a.test"))
    await memory.forget("Account", ["b"])
    assert await memory.at_addresses({"kim@a.test"}) == {"kim@a.test": later}


async def test_what_is_destroyed_is_forgotten():
    memory = Recollection()
    await memory.remember(name("b", "kim", "kim@a.test"))
    await memory.remember(name("b", "crew", "crew@a.test", "MailingList"))
    await memory.set_app_slot("b", "phone")
    await memory.set_secrets("b", {"a": "$6$x"})
    assert (await memory.app_slots(["b", "c"]), await memory.secrets(["b", "c"])) == ({"b": "phone"}, {"b": {"a": "$6$x"}})
    await memory.forget("MailingList", ["b"])
    assert await memory.app_slots(["b"]) == {"b": "phone"}
    await memory.forget("Account", ["b", "z"])
    assert (await memory.app_slots(["b"]), await memory.secrets(["b"])) == ({}, {})
    assert await memory.called({"kim", "crew"}) == []
    await memory.set_app_slot("c", "tablet")
    await memory.set_app_slot("c", None)
    assert await memory.app_slots(["c"]) == {}
