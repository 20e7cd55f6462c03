"""What is remembered of secrets holds only for the credentials that an account shows."""

import pytest

from gateway.legacy.principal.kept import kept
from gateway.state import Recollection

PASSWORD = {"@type": "Password", "credentialId": "a"}
WITH_OTP = PASSWORD | {"otpAuth": "****"}
APP = {"@type": "AppPassword", "credentialId": "b", "description": "phone", "createdAt": "2026-01-01T00:00:00Z"}


def account(*credentials):
    return {"id": "f", "credentials": {str(at): it for at, it in enumerate(credentials)}}


@pytest.fixture
async def memory():
    memory = Recollection()
    await memory.set_app_slot("f", "phone")
    await memory.set_secrets("f", {"a": "$6$x", "otp": "otpauth://x"})
    return memory


def again(account_):
    return ([["x:Account/get", {"ids": ["f"], "properties": ["id", "credentials"]}, "0"]], [["x:Account/get", {"list": [account_] if account_ else []}, "0"]])


@pytest.mark.parametrize("shown", [account(WITH_OTP), account(WITH_OTP, APP)])
async def test_what_holds_is_kept_without_another_look(server, exchange_with, memory, shown):
    exchange = exchange_with(server([]), memory=memory, secrets_memory="hashes")
    assert await kept(exchange, [shown]) == ({"f": "phone"}, {"f": {"a": "$6$x", "otp": "otpauth://x"}})


@pytest.mark.parametrize(("shown", "slot"), [(account(PASSWORD), {"f": "phone"}), (account(WITH_OTP | {"credentialId": "b"}), {"f": "phone"}), (account(APP), {}), (account(), {})])
async def test_what_does_not_hold_is_forgotten(server, exchange_with, memory, shown, slot):
    exchange = exchange_with(server([again(shown)]), memory=memory, secrets_memory="hashes")
    assert not (await kept(exchange, [shown]))[1]
    assert (await memory.app_slots(["f"]), await memory.secrets(["f"])) == (slot, {})


async def test_what_was_read_before_a_write_forgets_nothing(server, exchange_with, memory):
    exchange = exchange_with(server([again(account(WITH_OTP))]), memory=memory, secrets_memory="hashes")
    await kept(exchange, [account()])
    assert (await memory.app_slots(["f"]), (await memory.secrets(["f"])).keys()) == ({"f": "phone"}, {"f"})


async def test_an_account_that_is_gone_or_was_not_asked_for_its_credentials_forgets_nothing(server, exchange_with, memory):
    exchange = exchange_with(server([again(None)]), memory=memory, secrets_memory="hashes")
    await kept(exchange, [account()])
    assert await kept(exchange, [{"id": "f", "name": "kim"}]) == ({}, {})
    assert (await memory.secrets(["f"])).keys() == {"f"}


async def test_of_many_accounts_only_some_are_looked_at_again(server, exchange_with):
    memory = Recollection()
    ids = [f"b{number}" for number in range(30)]
    for id_ in ids:
        await memory.set_secrets(id_, {"a": "$6$x"})
    asked = [["x:Account/get", {"ids": ids[:20], "properties": ["id", "credentials"]}, "0"]]
    gone = [["x:Account/get", {"list": [{"id": id_, "credentials": {}} for id_ in ids[:20]]}, "0"]]
    exchange = exchange_with(server([(asked, gone)]), memory=memory, secrets_memory="hashes")
    assert await kept(exchange, [{"id": id_, "credentials": {}} for id_ in ids]) == ({}, {})
    assert [*await memory.secrets(ids)] == ids[20:]
