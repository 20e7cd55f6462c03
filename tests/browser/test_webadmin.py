"""An application of the kind of the old WebAdmin in Chromium, served by the gateway: modules, streamed WebAssembly, a page of its own after a reload."""

import asyncio
import html
import os
import re
import shutil
import signal
import zipfile

import pytest

from gateway.app import running
from gateway.settings import Settings

PAGE = """<!DOCTYPE html>
<html><head><title>x</title><link rel="stylesheet" href="/styles-1a.css"><script type="module" src="/webadmin-1a.js"></script></head><body></body></html>
"""
SCRIPT = """
const { instance } = await WebAssembly.instantiateStreaming(fetch("/webadmin-1a_bg.wasm"));
const refused = await fetch("/api/queue/status");
document.body.textContent = [location.pathname, instance.exports.answer(), getComputedStyle(document.body).color, refused.status].join(" ");
"""
STYLE = "body { color: rgb(1, 2, 3) }"
ANSWER = bytes.fromhex("0061736d 01000000 0105016000017f 03020100 070a0106616e737765720000 0a06010400412a0b")
"""A module whose function `answer` gives 42."""

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--virtual-time-budget=10000", "--dump-dom"]


@pytest.fixture
def chromium():
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    return found or pytest.skip("no Chromium is installed (Debian: chromium)")


async def shown(chromium, url, folder):
    """The document of a page after its scripts have run."""
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        chromium, *FLAGS, f"--user-data-dir={folder}", url, stdout=asyncio.subprocess.PIPE, stderr=quiet, start_new_session=True
    )
    try:
        async with asyncio.timeout(60):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return html.unescape(output.decode())


async def test_the_application_runs(chromium, tmp_path):
    files = {"index.html": PAGE, "webadmin-1a.js": SCRIPT, "styles-1a.css": STYLE, "webadmin-1a_bg.wasm": ANSWER}
    with zipfile.ZipFile(tmp_path / "webadmin.zip", "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    state = f"sqlite+aiosqlite:///{tmp_path}/s.db"
    settings = Settings(upstream="http://127.0.0.1:9", listen="127.0.0.1:0", state=state, webadmin_bundle=str(tmp_path / "webadmin.zip"))
    async with running(settings) as app:
        document = await shown(chromium, app.url + "/manage/queue", tmp_path / "profile")
    assert re.findall("<body>(.*?)\n?</body>", document, re.DOTALL) == ["/manage/queue 42 rgb(1, 2, 3) 401"]
