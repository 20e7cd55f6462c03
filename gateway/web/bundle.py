"""A build of the old WebAdmin as files in memory, read from a zip or a folder (clients.md 3.9).

What is read is bounded before it is unpacked, and nothing outside the bundle is looked at: absolute names, `..` and links are refused.
"""

import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

INDEX = "index.html"
MOST_FILES = 4096
MOST_PACKED_BYTES = 32 * 1024 * 1024
MOST_BYTES = 64 * 1024 * 1024
"""A build has some twenty files with some ten million bytes."""

TYPES = {
    "html": "text/html",
    "css": "text/css",
    "js": "application/javascript",
    "json": "application/json",
    "wasm": "application/wasm",
    "png": "image/png",
    "svg": "image/svg+xml",
    "ico": "image/x-icon",
}
OTHER_TYPE = "application/octet-stream"

_ENTRY = b"PK\x01\x02"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OSError,
)
"""What the library raises for files that are no zip, or a damaged one."""


class BundleError(Exception):
    """The bundle cannot be served; the text says why."""


class File(NamedTuple):
    """One file: content type and content."""

    type: str
    body: bytes


def read(place: Path) -> Mapping[str, File]:
    """The files of a zip or a folder by their names below it (`img/a.png`), `index.html` among them; BundleError."""
    try:
        found = dict(_of_folder(place) if place.is_dir() else _of_zip(_packed(place)))
    except OSError as error:
        raise BundleError(f"cannot be read ({error.strerror or type(error).__name__})") from None
    if INDEX not in found:
        raise BundleError(f"has no {INDEX} at its top, so it is no build of the old WebAdmin")
    return {name: File(type_of(name), body) for name, body in found.items()}


def type_of(name: str) -> str:
    """Content type of a file by the end of its name, as the old server had it."""
    _, dot, extension = name.rpartition(".")
    return TYPES.get(extension, OTHER_TYPE) if dot else OTHER_TYPE


def _packed(place: Path) -> bytes:
    if not place.exists():
        raise BundleError("does not exist")
    if not place.is_file():
        raise BundleError("is neither a zip file nor a folder")
    packed = _content(place, MOST_PACKED_BYTES)
    if packed is None:
        raise BundleError(f"is larger than {MOST_PACKED_BYTES} bytes")
    return packed


def _content(place: Path, most: int) -> bytes | None:
    """What is in a file, None when that is more than so many bytes."""
    with place.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        return file.read(size) if size <= most else None


def _of_zip(packed: bytes) -> Iterator[tuple[str, bytes]]:
    # Every entry has such a mark: too many are noticed before the library makes an object of each.
    if packed.count(_ENTRY) > MOST_FILES:
        raise BundleError(f"has more than {MOST_FILES} files")
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            entries = archive.infolist()
            _check(entries)
            for entry in entries:
                if not entry.is_dir():
                    yield entry.filename, _unpacked(archive, entry)
    except _UNREADABLE:
        raise BundleError("is no zip file, or a damaged one") from None


def _check(entries: list[zipfile.ZipInfo]) -> None:
    """BundleError for an archive that is not to be unpacked."""
    names = set()
    for entry in entries:
        name = entry.orig_filename
        _check_name(name.removesuffix("/") if entry.is_dir() else name)
        if stat.S_IFMT(entry.external_attr >> 16) not in {0, stat.S_IFREG, stat.S_IFDIR}:
            raise BundleError(f"holds {name!r}, which is a link or no file")
        if entry.flag_bits & 1 or entry.compress_type not in _METHODS:
            raise BundleError(f"holds {name!r}, which is encrypted or packed in an unusual way")
        if name in names:
            raise BundleError(f"holds {name!r} twice")
        names.add(name)
    if sum(entry.file_size for entry in entries) > MOST_BYTES:
        raise BundleError(f"is larger than {MOST_BYTES} bytes when unpacked")


def _check_name(name: str) -> None:
    if "\\" in name or "\0" in name or not {"", ".", ".."}.isdisjoint(name.split("/")):
        raise BundleError(f"holds {name!r}, a name that leads outside of it")


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Content of an entry, of which never more is unpacked than the length that it claims, and that was checked."""
    with archive.open(entry) as file:
        body = file.read(entry.file_size)
    if len(body) != entry.file_size:
        raise BundleError(f"holds {entry.filename!r}, of which a part is missing")
    return body


def _of_folder(top: Path) -> Iterator[tuple[str, bytes]]:
    """Files of a folder; names that begin with a dot are left out, since no build has any."""
    left = MOST_BYTES
    for count, place in enumerate(_files(top), 1):
        if count > MOST_FILES:
            raise BundleError(f"has more than {MOST_FILES} files")
        body = _content(place, left)
        if body is None:
            raise BundleError(f"is larger than {MOST_BYTES} bytes")
        left -= len(body)
        yield place.relative_to(top).as_posix(), body


def _files(folder: Path) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _files(Path(entry.path))
            elif entry.is_file(follow_symlinks=False):
                yield Path(entry.path)
            else:
                raise BundleError(f"holds {entry.name!r}, which is a link or no file")
