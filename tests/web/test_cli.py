"""The commands: their help, what they print, their status, and the processes that they are."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

import aiohttp
import pytest
from aiohttp import web

from gateway.cli import COMMANDS, main
from gateway.settings import names
from gateway.state import State

ADMIN = "admin:Canary-pw"


@pytest.fixture(autouse=True)
def _bare(monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.startswith("GATEWAY_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GATEWAY_STATE", f"sqlite+aiosqlite:///{tmp_path}/state.db")
    monkeypatch.setenv("COLUMNS", "400")


def run(capsys, *arguments):
    try:
        status = main(arguments)
    except SystemExit as end:
        status = end.code
    printed = capsys.readouterr()
    return status, printed.out, printed.err


async def apart(*arguments):
    """The same in a process of its own, without blocking this one."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, out.decode(), err.decode()


@asynccontextmanager
async def started(*arguments) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """A command that serves, and the address that it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        line = (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
        address = re.search(r"listening on (https?://\S+?)(,|$)", line)
        assert address, line + (await process.stderr.read()).decode()
        yield process, address[1]
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def ended(process, seconds=20):
    out, err = await asyncio.wait_for(process.communicate(), seconds)
    return process.returncode, out.decode(), err.decode()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(capsys, command):
    status, out, _ = run(capsys, command, "--help")
    assert status == 0
    assert f"stalwart-gateway {command}" in out
    assert len(out) > 300


def test_the_help_names_every_command(capsys):
    status, out, _ = run(capsys, "--help")
    assert status == 0
    assert all(command in out for command in COMMANDS)


@pytest.mark.parametrize("command", ["serve", "check"])
def test_every_setting_is_a_flag_with_its_meaning(capsys, command):
    _, out, _ = run(capsys, command, "--help")
    flat = " ".join(out.split())
    for path, field in names():
        assert "--" + "-".join(path).replace("_", "-") in out
        assert " ".join(field.description.split()) in flat


@pytest.mark.parametrize("arguments", [[], ["zz"], ["serve", "--zz", "1"], ["routes", "--format", "xml"], ["simulate", "--edition", "zz"]])
def test_wrong_flags_are_status_2(capsys, arguments):
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert "usage: stalwart-gateway" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["serve"], "stalwart-gateway: upstream (GATEWAY_UPSTREAM): not set; name the new server, for example --upstream http://127.0.0.1:8080\n"),
        (["check", "--upstream", "x"], "stalwart-gateway: upstream (GATEWAY_UPSTREAM): 'x': must be a URL http://HOST[:PORT] or https://HOST[:PORT]\n"),
        (["serve", "--upstream", "http://x", "--config", "none.toml"], "stalwart-gateway: none.toml: cannot be read (FileNotFoundError)\n"),
        (["simulate", "--admin", "x"], "stalwart-gateway: --admin: must be LOGIN:SECRET\n"),
        (["simulate", "--listen", "x"], "stalwart-gateway: --listen: 'x': must be HOST:PORT, for example 127.0.0.1:8008, [::1]:8008 or 0.0.0.0:0\n"),
    ],
)
def test_wrong_settings_are_status_2_and_named(capsys, arguments, said):
    assert run(capsys, *arguments) == (2, "", said)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--validation", "listQeue=off"], "stalwart-gateway: validation: listQeue: no such operation; `stalwart-gateway routes` lists them\n"),
        (["--validation", "listQeue=off", "--workers", "2"], "stalwart-gateway: validation: listQeue: no such operation; `stalwart-gateway routes` lists them\n"),
        (["--tls-certificate", "none.pem", "--tls-key", "none.pem"], "not usable as PEM certificate and key (No such file or directory)\n"),
    ],
)
def test_what_only_shows_at_start_is_status_2_as_well(flags, said):
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "serve", "--upstream", "http://127.0.0.1:9", "--listen", "127.0.0.1:0", *flags],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(said)


def test_routes_as_json(capsys):
    status, out, _ = run(capsys, "routes", "--format", "json")
    routes = json.loads(out)
    assert status == 0
    assert {entry for route in routes for entry in route["entries"]} == set(range(1, 80))
    assert {route["status"] for route in routes} <= {"ready", "refused"}
    (listing,) = [route for route in routes if route["operationId"] == "listQueue"]
    assert (listing["method"], listing["path"], listing["status"], listing["permission"]) == ("GET", "/api/queue/messages", "ready", "message-queue-list")
    assert "x:QueuedMessage/query" in listing["calls"]


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_routes_for_people(capsys, form):
    status, out, _ = run(capsys, "routes", "--format", form)
    routes = json.loads(run(capsys, "routes", "--format", "json")[1])
    assert status == 0
    assert all(f"{route['method']} {route['path']}" in out for route in routes)
    counts = [sum(route["status"] == status for route in routes) for status in ("ready", "refused")]
    assert out.rstrip().endswith(f"{len(routes)} operations: {counts[0]} ready, {counts[1]} refused.")


async def test_serve_and_an_orderly_stop(server, monkeypatch):
    monkeypatch.setenv("GATEWAY_ZZ", "Canary")
    async with started("serve", "--upstream", server.url, "--listen", "127.0.0.1:0") as (process, url), aiohttp.ClientSession() as http:
        async with http.get(url + "/healthz/ready") as answer:
            assert answer.status == HTTPStatus.OK
        process.send_signal(signal.SIGTERM)
        status, out, err = await ended(process)
    assert (status, out) == (0, "")
    lines = [json.loads(line) for line in err.splitlines()]
    assert [line["message"] for line in lines if line["level"] == "warning"] == ["unknown settings in the environment are ignored: GATEWAY_ZZ"]
    assert "Canary" not in err


async def test_ctrl_c_stops_too_and_requests_under_way_are_answered(server):
    entered, leave = asyncio.Event(), asyncio.Event()

    async def slow(request):
        if request.path != "/api/account":
            return web.json_response({})
        entered.set()
        await leave.wait()
        return web.json_response({"permissions": ["authenticate"]})

    async with started("serve", "--upstream", server.url, "--listen", "127.0.0.1:0") as (process, url), aiohttp.ClientSession() as http:
        server.other = slow
        call = asyncio.create_task(http.get(url + "/api/zz", headers={"Authorization": "Bearer Canary"}))
        await asyncio.wait_for(entered.wait(), 10)
        process.send_signal(signal.SIGINT)
        await asyncio.sleep(0.3)
        with pytest.raises(aiohttp.ClientConnectorError):
            await http.get(url + "/healthz/live")
        leave.set()
        async with await call as answer:
            assert (answer.status, answer.headers["Connection"]) == (404, "close")
        status, _, err = await ended(process)
    assert status == 0
    assert "Canary" not in err


async def test_a_port_in_use_is_status_1():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        status, out, err = await apart("serve", "--upstream", "http://127.0.0.1:9", "--listen", listen)
    assert (status, out) == (1, "")
    assert err == f"stalwart-gateway: cannot listen on {listen}: Address already in use\n"


async def test_an_unusable_state_is_status_1(tmp_path):
    status, _, err = await apart("serve", "--upstream", "http://127.0.0.1:9", "--listen", "127.0.0.1:0", "--state", f"sqlite+aiosqlite:///{tmp_path}/none/x.db")
    assert status == 1
    assert err.startswith("stalwart-gateway: the state ")


async def test_several_workers_share_the_port_and_the_metrics(server):
    flags = ("--upstream", server.url, "--listen", "127.0.0.1:0", "--workers", "2", "--limits-concurrency", "4")
    async with started("serve", *flags) as (process, url):
        for _ in range(12):
            async with aiohttp.ClientSession() as http, http.get(url + "/api/zz") as answer:
                assert answer.status == HTTPStatus.UNAUTHORIZED
        await asyncio.sleep(1.2)
        async with aiohttp.ClientSession() as http, http.get(url + "/metrics") as answer:
            text = await answer.text()
        assert 'gateway_requests_total{error="",operation="none",status="401"} 12.0' in text
        process.send_signal(signal.SIGTERM)
        status, _, err = await ended(process, 40)
    assert status == 0
    prefixes = {line["id"].partition("-")[0] for line in map(json.loads, err.splitlines()) if line["message"] == "request"}
    assert 1 <= len(prefixes) <= 2


async def test_check_says_that_everything_is_right(server):
    server.gone = {"/api/queue/status"}
    status, out, err = await apart("check", "--upstream", server.url, "--listen", "127.0.0.1:0", "--user", ADMIN)
    assert (status, err) == (0, ""), out
    lines = out.splitlines()
    assert [line.split()[:2] for line in lines[:-1]] == [["ok", f"{name}:"] for name in ("settings", "server", "credentials", "service", "state", "listen")]
    assert "admin is accepted by a server of edition oss" in lines[2]
    assert lines[-1] == "everything is right"
    assert "Canary" not in out


async def test_check_says_what_is_wrong(server, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, out, _ = await apart(
            "check", "--upstream", "http://127.0.0.1:9", "--listen", f"127.0.0.1:{port}", "--user", ADMIN, "--state", f"sqlite+aiosqlite:///{tmp_path}/none/x.db"
        )
    assert status == 1
    assert re.findall(r"^WRONG   (\w+):", out, re.MULTILINE) == ["server", "credentials", "state", "listen"]
    assert "no connection to http://127.0.0.1:9" in out
    assert out.endswith("4 of 5 are wrong\n")
    server.rights.clear()
    status, out, _ = await apart("check", "--upstream", server.url, "--listen", "127.0.0.1:0", "--user", "kim:Canary")
    assert status == 1
    assert "still serves the old API" in out
    assert "kim is refused: wrong login or password" in out
    assert "Canary" not in out


async def test_check_tries_the_service_account(server):
    server.gone = {"/api/queue/status"}
    flags = ("check", "--upstream", server.url, "--listen", "127.0.0.1:0", "--service-credential")
    status, out, _ = await apart(*flags, ADMIN)
    assert (status, "the account of service_credential may do its work" in out) == (0, True)
    status, out, _ = await apart(*flags, "kim:Canary")
    assert (status, "the account of service_credential is refused" in out) == (1, True)
    server.rights = {basic: frozenset({"authenticate", "impersonate"}) for basic in server.rights}
    status, out, _ = await apart(*flags, ADMIN)
    assert (status, "lacks sysAccountGet, sysAccountUpdate" in out) == (1, True)
    assert "Canary" not in out


async def test_simulate(tmp_path):
    faults = tmp_path / "faults.json"
    faults.write_text('[{"do": "status", "path": "/jmap/session", "status": 500, "count": 1}]')
    flags = ("--listen", "127.0.0.1:0", "--admin", "root:Canary:1", "--edition", "enterprise", "--hostname", "mx.acme.test", "--faults", str(faults))
    async with started("simulate", *flags) as (process, url), aiohttp.ClientSession() as http:
        headers = {"Authorization": aiohttp.encode_basic_auth("root", "Canary:1")}
        async with http.get(url + "/jmap/session", headers=headers) as answer:
            assert answer.status == HTTPStatus.INTERNAL_SERVER_ERROR
        async with http.get(url + "/api/account", headers=headers) as answer:
            assert (answer.status, (await answer.json())["edition"]) == (200, "enterprise")
        process.send_signal(signal.SIGTERM)
        status, _, err = await ended(process)
    assert (status, err) == (0, "")


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_missing_key_is_said_in_words(tmp_path, workers):
    url = f"sqlite+aiosqlite:///{tmp_path}/state.db"
    state = await State.open(url, "http://127.0.0.1:9", secrets=True)
    await state.close()
    (tmp_path / "state.db.key").unlink()
    flags = ("--upstream", "http://127.0.0.1:9", "--listen", "127.0.0.1:0", "--state", url, "--secrets-memory", "hashes", "--workers", workers)
    status, _, err = await apart("serve", *flags)
    lines = err.splitlines()
    assert status == 1
    assert 1 <= len(lines) <= int(workers), err
    assert all(line.startswith("stalwart-gateway: the key in ") and "is missing" in line for line in lines)
