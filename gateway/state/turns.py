"""Turns between the processes of one host that share a database file: who changes an object keeps the others from it meanwhile.

The new server has no means against lost updates (jmap-management-api 2.5), and a value that was read in one process may be changed by another before
it is written. So there is a file of locks beside the database: a lock is a byte of it, far behind its end, that is locked for an open
file (Linux), and ends with the process. What stands in the file tells when a lock was given back last, by the clock of the host.
"""

import asyncio
import errno
import fcntl
import logging
import mmap
import os
import struct
import sys
from collections.abc import Hashable
from hashlib import blake2b

PLACES = 8192
SHORTEST_PAUSE, LONGEST_PAUSE = 0.001, 0.016

_LENGTH = PLACES * 8
_TAKEN = (errno.EACCES, errno.EAGAIN)

_log = logging.getLogger(__name__)


class Turns:
    """Locks by name in a file, which is made when the first is taken. Names that share a place in it hear of each other's changes, too."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._file = -1
        self._ends: mmap.mmap | None = None
        self._broken = False

    @classmethod
    def beside(cls, database: str | None) -> "Turns | None":
        """Those of a database file, None where there is no file, or the system has no such locks."""
        return None if database is None or sys.platform != "linux" else cls(f"{database}.locks")

    async def close(self) -> None:
        """Give everything back."""
        if self._ends is not None:
            self._ends.close()
            os.close(self._file)
            self._ends = None

    async def take(self, name: Hashable) -> None:
        """Wait until nobody else has the lock, then take it."""
        pause = SHORTEST_PAUSE
        while not self._set(fcntl.F_WRLCK, name):
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def leave(self, name: Hashable, now: int) -> None:
        """Give the lock back and note when."""
        ends = self._opened()
        if ends is not None:
            struct.pack_into("=q", ends, _place(name), now)
            self._set(fcntl.F_UNLCK, name)

    def ended(self, name: Hashable) -> int:
        """When the lock was given back last, 0 for never."""
        ends = self._opened()
        at: int = 0 if ends is None else struct.unpack_from("=q", ends, _place(name))[0]
        return at

    def _set(self, how: int, name: Hashable) -> bool:
        """Whether the lock could be set; also where that is not possible at all, which is said once."""
        if self._opened() is not None:
            flock = struct.pack("hhqqi4x", how, os.SEEK_SET, _LENGTH + number_of(name), 1, 0)
            try:
                fcntl.fcntl(self._file, fcntl.F_OFD_SETLK, flock)
            except OSError as error:
                if error.errno in _TAKEN:
                    return False
                self._complain(error)
        return True

    def _opened(self) -> mmap.mmap | None:
        """The file, None when it cannot be used."""
        if self._ends is None and not self._broken:
            try:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                os.ftruncate(self._file, _LENGTH)
                self._ends = mmap.mmap(self._file, _LENGTH)
            except OSError as error:
                self._complain(error)
        return self._ends

    def _complain(self, error: OSError) -> None:
        if not self._broken:
            _log.warning("other gateways on this state are not waited for: %s", error.strerror)
        self._broken = True


def _place(name: Hashable) -> int:
    return number_of(name) % PLACES * 8


def number_of(name: Hashable) -> int:
    """The number of a name, in every process the same; 56 bits."""
    return int.from_bytes(blake2b(repr(name).encode(), digest_size=7).digest(), "big")
