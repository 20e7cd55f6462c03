import logging
import traceback

import pytest

from gateway.jmap.calls import BY_ID, Query, Set
from gateway.jmap.errors import UpstreamError

AUTHORIZATION = "Basic canary-credential"
WRITE = Set("Account", create={"a": {"secret": "canary-password"}})
READ = Query("Account", [BY_ID], 1, filter={"text": "canary-text"})
ACTS = [
    "cut",
    "cut_in_body",
    "cut_in_chunks",
    "silent",
    "not_http",
    "crowded",
    "echo_not_request",
    "canary",
    "canary-json",
    "canary-answer",
    401,
    402,
    403,
    429,
    500,
    503,
]


def act_of(liar, act):
    if isinstance(act, int):
        return liar.problem(act, h_X_Canary="canary")
    said = {
        "canary": "canary {",
        "canary-json": '{"canary":"canary"}',
        "canary-answer": '{"methodResponses":[["x:canary/set",{"canary":1},"c0"]]}',
    }
    return liar.says(said[act]) if act in said else getattr(liar, act)


def chain(error):
    """The error, what it came from, and all that hangs on them."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize("call", [READ, WRITE])
@pytest.mark.parametrize("act", ACTS)
async def test_no_error_and_no_log_line_shows_a_secret(liar, open_upstream, caplog, act, call):
    caplog.set_level(logging.DEBUG)
    upstream = await open_upstream(liar.url)
    liar.then = act_of(liar, act)
    with pytest.raises(UpstreamError) as raised:
        await upstream.caller(AUTHORIZATION).request(call)
    assert "canary" in liar.posts[0].body.decode()
    told = [traceback.format_exc(), "".join(traceback.format_exception(raised.value))]
    for error in chain(raised.value):
        told += [repr(error), str(error), repr(error.args), repr(vars(error))]
    assert not [text for text in told if "canary" in text.lower()]
    logged = [record.getMessage() + str(record.exc_info) for record in caplog.records if record.name.startswith("gateway")]
    assert not [text for text in logged if "canary" in text.lower()]


@pytest.mark.parametrize("act", ACTS)
async def test_no_look_up_shows_a_secret(liar, open_upstream, caplog, act):
    caplog.set_level(logging.DEBUG)
    upstream = await open_upstream(liar.url)
    liar.stage = "/api/account"
    liar.then = act_of(liar, act)
    with pytest.raises(UpstreamError) as raised:
        await upstream.caller(AUTHORIZATION).account()
    for error in chain(raised.value):
        assert "canary" not in repr(error) + repr(vars(error))
    assert not [record for record in caplog.records if "canary" in record.getMessage()]


async def test_what_is_remembered_of_a_credential_does_not_show_it(upstream):
    caller = upstream.caller(AUTHORIZATION)
    await caller.account()
    await caller.session()
    await caller.request(READ)
    remembered = repr([vars(upstream)[name] for name in ("_accounts", "_sessions", "_owners", "_alike")])
    assert "canary" not in remembered
    assert caller.key not in (AUTHORIZATION.encode(), b"")
    assert "canary" not in repr(caller)
