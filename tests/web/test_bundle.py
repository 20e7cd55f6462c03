"""Builds of the old WebAdmin, read from zips and folders: whole and sound, or refused with the reason."""

import contextlib
import io
import os
import struct
import tracemalloc
import zipfile

import pytest

from gateway.web import bundle
from gateway.web.bundle import BundleError, File, read

PAGE = b"<!DOCTYPE html><title>Webadmin</title>"


def packed(files, method=zipfile.ZIP_DEFLATED):
    """A zip of `{name or ZipInfo: content}`."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


@pytest.fixture
def zipped(tmp_path):
    """Writes bytes, or a zip of files, and gives where."""

    def write(content):
        place = tmp_path / "webadmin.zip"
        place.write_bytes(content if isinstance(content, bytes) else packed(content))
        return place

    return write


@pytest.fixture
def folder(tmp_path):
    top = tmp_path / "dist"
    (top / "img").mkdir(parents=True)
    (top / "index.html").write_bytes(PAGE)
    return top


def test_a_zip_and_a_folder_hold_the_same(zipped, folder):
    (folder / "img" / "a.svg").write_bytes(b"<svg/>")
    (folder / "app_bg.wasm").write_bytes(b"\0asm")
    found = read(folder)
    assert found == {
        "index.html": File("text/html", PAGE),
        "img/a.svg": File("image/svg+xml", b"<svg/>"),
        "app_bg.wasm": File("application/wasm", b"\0asm"),
    }
    assert read(zipped({"img/": b"", **{name: file.body for name, file in found.items()}})) == found


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("index.html", "text/html"),
        ("styles-1a.css", "text/css"),
        ("webadmin-1a.js", "application/javascript"),
        ("a.b.json", "application/json"),
        ("logo.svg", "image/svg+xml"),
        ("favicon.ico", "image/x-icon"),
        ("apple-touch-icon.png", "image/png"),
        ("webadmin-1a_bg.wasm", "application/wasm"),
        ("site.webmanifest", "application/octet-stream"),
        ("A.HTML", "application/octet-stream"),
        ("html", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_types_go_by_the_end_of_the_name(name, type_):
    assert bundle.type_of(name) == type_


def special(name, mode):
    entry = zipfile.ZipInfo(name)
    entry.create_system, entry.external_attr = 3, mode << 16
    return entry


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({}, "has no index.html at its top"),
        ({"dist/index.html": PAGE}, "has no index.html at its top"),
        ({"index.html": PAGE, "../evil.js": b""}, r"holds '\.\./evil\.js', a name that leads outside"),
        ({"index.html": PAGE, "a/../../evil.js": b""}, "leads outside"),
        ({"index.html": PAGE, "../": b""}, "leads outside"),
        ({"index.html": PAGE, "/etc/evil": b""}, "leads outside"),
        ({"index.html": PAGE, "a//b": b""}, "leads outside"),
        ({"index.html": PAGE, "./b": b""}, "leads outside"),
        ({"index.html": PAGE, "..\\b": b""}, "leads outside"),
        ({"index.html": PAGE, special("link.js", 0o120777): b"/etc/passwd"}, "holds 'link.js', which is a link or no file"),
        ({"index.html": PAGE, special("pipe", 0o010600): b""}, "holds 'pipe', which is a link or no file"),
        ({"index.html": PAGE, **{f"{number}": b"" for number in range(bundle.MOST_FILES)}}, "has more than 4096 files"),
    ],
)
def test_archives_that_are_refused(zipped, files, why):
    with pytest.raises(BundleError, match=why):
        read(zipped(files))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_that_stands_there_twice_is_refused(zipped):
    with pytest.raises(BundleError, match=r"holds 'index\.html' twice"):
        read(zipped({zipfile.ZipInfo("index.html"): PAGE, "index.html": b"other"}))


def changed(content, offset, value):
    """A zip with two bytes of its first entry changed, in the central directory and the local header."""
    made = bytearray(content)
    for mark, shift in ((b"PK\x01\x02", 2), (b"PK\x03\x04", 0)):
        struct.pack_into("<H", made, made.index(mark) + offset + shift, value)
    return bytes(made)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is no zip file"),
        (b"<html>404 Not Found</html>", "is no zip file"),
        (b"PK\x05\x06" + bytes(18), "has no index.html"),
        (packed({"index.html": PAGE})[:-30], "is no zip file"),
        (packed({"index.html": PAGE})[10:], "is no zip file"),
        (packed({"index.html": PAGE}, zipfile.ZIP_STORED).replace(PAGE, PAGE.upper()), "is no zip file, or a damaged one"),
        (changed(packed({"index.html": PAGE}), 6, 1), "is encrypted or packed in an unusual way"),
        (changed(packed({"index.html": PAGE}), 8, 99), "is encrypted or packed in an unusual way"),
        (packed({"index.html": PAGE}, zipfile.ZIP_LZMA), "is encrypted or packed in an unusual way"),
    ],
)
def test_what_is_no_sound_zip_is_refused(zipped, content, why):
    with pytest.raises(BundleError, match=why):
        read(zipped(content))


def test_every_cut_and_many_changed_bytes_are_refused_or_harmless(zipped):
    sound = packed({"index.html": PAGE, "a.js": b"let a = 1;" * 20})
    for length in range(len(sound)):
        with pytest.raises(BundleError):
            read(zipped(sound[:length]))
    for place in range(len(sound)):
        with contextlib.suppress(BundleError):
            read(zipped(sound[:place] + bytes([sound[place] ^ 0x41]) + sound[place + 1 :]))


def test_a_bomb_is_not_unpacked(zipped):
    place = zipped({"index.html": PAGE, "a": bytes(bundle.MOST_BYTES)})
    tracemalloc.start()
    try:
        with pytest.raises(BundleError, match="is larger than 67108864 bytes when unpacked"):
            read(place)
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


def test_a_bomb_that_claims_to_be_small_is_not_unpacked(zipped):
    sound = packed({"index.html": bytes(50_000_000)})
    lying = sound.replace(struct.pack("<I", 50_000_000), struct.pack("<I", 10))
    assert lying != sound
    place = zipped(lying)
    tracemalloc.start()
    try:
        with pytest.raises(BundleError, match="damaged"):
            read(place)
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


def test_a_zip_that_is_too_large_is_not_read_whole(tmp_path):
    place = tmp_path / "webadmin.zip"
    place.touch()
    os.truncate(place, bundle.MOST_PACKED_BYTES + 1)
    with pytest.raises(BundleError, match="is larger than 33554432 bytes"):
        read(place)


def test_links_in_a_folder_are_refused(folder, tmp_path):
    (tmp_path / "secret").write_text("canary")
    (folder / "a.js").symlink_to(tmp_path / "secret")
    with pytest.raises(BundleError, match=r"holds 'a\.js', which is a link or no file"):
        read(folder)
    (folder / "a.js").unlink()
    (folder / "img" / "up").symlink_to(tmp_path)
    with pytest.raises(BundleError, match="holds 'up'"):
        read(folder)


def test_pipes_are_refused(folder, tmp_path):
    os.mkfifo(folder / "pipe")
    with pytest.raises(BundleError, match="holds 'pipe'"):
        read(folder)
    os.mkfifo(tmp_path / "pipe.zip")
    with pytest.raises(BundleError, match="is neither a zip file nor a folder"):
        read(tmp_path / "pipe.zip")


def test_the_bundle_itself_may_be_a_link(folder, tmp_path):
    (tmp_path / "current").symlink_to(folder)
    assert read(tmp_path / "current").keys() == {"index.html"}


def test_hidden_files_of_a_folder_are_left_out(folder):
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("canary")
    (folder / ".env").write_text("canary")
    assert read(folder).keys() == {"index.html"}


def test_a_folder_that_is_too_large_is_refused(folder):
    (folder / "a").touch()
    os.truncate(folder / "a", bundle.MOST_BYTES)
    with pytest.raises(BundleError, match="is larger than 67108864 bytes"):
        read(folder)


def test_a_folder_with_too_many_files_is_refused(folder):
    for number in range(bundle.MOST_FILES):
        (folder / "img" / str(number)).touch()
    with pytest.raises(BundleError, match="has more than 4096 files"):
        read(folder)


def test_what_is_not_there_is_named(tmp_path, folder):
    with pytest.raises(BundleError, match="does not exist"):
        read(tmp_path / "absent.zip")
    with pytest.raises(BundleError, match=r"cannot be read|does not exist"):
        read(folder / ("x" * 300))
