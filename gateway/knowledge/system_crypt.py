"""crypt(3) of the operating system: the old kinds of password hashes (`$1$`, `$2b$`, `$5$`, `$6$`, `$sha1$`, DES).

Python has left its own door to it out; the library itself (libxcrypt on Linux) is part of every common base system.
Where it is missing, or does not know a kind, no secret fits a hash of that kind.
"""

import ctypes
import threading
from collections.abc import Callable
from functools import cache
from typing import cast

_TURN = threading.Lock()
_LIBRARIES = ("libcrypt.so.1", "libcrypt.so.2", None)


@cache
def _function() -> Callable[[bytes, bytes], bytes | None]:
    for name in _LIBRARIES:
        try:
            found = ctypes.CDLL(name).crypt
        except (OSError, AttributeError):
            continue
        found.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
        found.restype = ctypes.c_char_p
        return cast("Callable[[bytes, bytes], bytes | None]", found)
    return lambda _secret, _setting: None


def hashed(secret: str, setting: str) -> str | None:
    """Hash of a secret with the kind, costs and salt at the head of `setting`; None when that cannot be made."""
    if "\0" in secret:
        return None
    with _TURN:  # the library writes every result into the same place
        made = _function()(secret.encode(), setting.encode())
    return made.decode("ascii", "replace") if made else None
