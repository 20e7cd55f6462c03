"""Whether the new server keeps history at all: it answers empty lists when it does not, where the old server said so (mapping-operations 8.2, 8.5)."""

from collections.abc import Callable
from typing import cast

from gateway.jmap.calls import Call, Get, Object
from gateway.jmap.errors import MethodError
from gateway.legacy.exchange import Exchange
from gateway.legacy.refusals import Refusal

SINGLETON = "singleton"
DISABLED = "Disabled"


async def with_store(exchange: Exchange, store: str, refusal: Callable[[], Refusal], make: Callable[[int], list[Call]]) -> list[Object]:
    """Answers to the calls that `make` gives for the position of the first of them.

    With `check_store_config` the settings object `store` is looked at in the same round trip, and the refusal is raised when it is switched
    off; callers who may not look at it get what there is.
    """
    if not exchange.settings.check_store_config:
        return await exchange.caller.request(*make(0))
    setting, *answers = await exchange.caller.attempt(Get(store, [SINGLETON]), *make(1))
    if isinstance(setting, MethodError):
        if setting.type != "forbidden":
            raise setting
    elif any(it["@type"] == DISABLED for it in setting["list"]):
        raise refusal()
    for answer in answers:
        if isinstance(answer, MethodError):
            raise answer
    return cast("list[Object]", answers)
