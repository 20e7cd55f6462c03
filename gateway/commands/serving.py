"""One process that serves until it is told to stop."""

import logging
import sys
from collections.abc import Callable

from gateway.app import App, settle_memory
from gateway.commands.run import reason, stopped
from gateway.settings import Settings
from gateway.state import StateError

_log = logging.getLogger(__name__)


async def serve(settings: Settings, listening: Callable[[str, Callable[[], None]], None]) -> int:
    """Serve; 0 after an orderly stop, 1 when it cannot begin; SettingsError for what only shows then.

    `listening` is called once with the address and a function that stops the gateway as SIGTERM does.
    """
    stop = stopped()
    app = App(settings)
    try:
        await app.start()
    except StateError as error:
        return _give_up(str(error))
    except OSError as error:
        return _give_up(f"cannot listen on {settings.listen}: {reason(error)}")
    settle_memory()
    listening(app.url, stop.set)
    await stop.wait()
    _log.info("stopping; requests under way have %g s", settings.timeouts.drain)
    await app.stop()
    return 0


def _give_up(why: str) -> int:
    print(f"stalwart-gateway: {why}", file=sys.stderr)
    return 1
