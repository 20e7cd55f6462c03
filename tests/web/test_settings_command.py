"""`stalwart-gateway settings explain`: what it reads, what it prints, its status."""

import io
import json
import re
import subprocess
import sys

import pytest

from gateway.cli import main
from gateway.commands import settings as command
from gateway.commands.old_settings import Unreadable, read

CONFIG = """
server.hostname = "mail.example.org"
authentication.fallback-admin.secret = "$6$Hush-4711"
[server.listener.smtp]
bind = ["[::]:25", "0.0.0.0:25"]
protocol = "smtp"
max-connections = 8192
[session.auth]
mechanisms = [ { if = "is_tls", then = "[plain]" }, { else = false } ]
[queue.route.relay]
type = "relay"
auth.secret = "Hush-4711"
tls.implicit = false
"""


@pytest.fixture(autouse=True)
def _wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")


def run(capsys, *arguments):
    status = main(["settings", "explain", *arguments])
    printed = capsys.readouterr()
    return status, printed.out, printed.err


def test_a_whole_configuration_as_a_table(capsys, tmp_path):
    file = tmp_path / "config.toml"
    file.write_text(CONFIG)
    status, out, err = run(capsys, str(file))
    assert (status, err) == (1, "")
    assert "Hush-4711" not in out
    lines = out.splitlines()
    assert lines[0].split("  ")[0] == "OLD KEY"
    assert any(line.startswith("server.listener.smtp.max-connections") and "x:NetworkListener[smtp]/maxConnections" in line and "8192" in line for line in lines)
    assert max(map(len, lines)) <= 160
    assert lines[-1] == "9 settings: 8 read-write, 0 read-only, 1 without counterpart."


def test_after_a_file_follow_defaults_that_are_others_now(capsys, tmp_path):
    file = tmp_path / "config.toml"
    file.write_text("[auth]\narc.verify = 'strict'\n")
    _, out, _ = run(capsys, str(file))
    told = out.partition("NOT SET, AND ITS DEFAULT IS ANOTHER NOW\n")[2]
    assert "imap.rate-limit.concurrent: default was 6, now 16\n" in told
    assert "auth.arc.verify" not in told
    assert "<id>" not in told
    assert "NOT SET" not in run(capsys, "auth.arc.verify=strict")[1]
    assert "NOT SET" not in run(capsys, "--json", str(file))[1]


def test_properties_are_not_broken_where_there_is_a_better_place(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "110")
    _, out, _ = run(capsys, "queue.connection.with-a-long-name.timeout.greeting=5m")
    assert re.search(r" /greetingTimeout$", out, re.MULTILINE)


def test_json_has_one_object_a_line(capsys, tmp_path):
    file = tmp_path / "config.toml"
    file.write_text(CONFIG)
    status, out, err = run(capsys, "--json", str(file))
    found = {it["key"]: it for it in map(json.loads, out.splitlines())}
    assert status == 1
    assert len(found) == 9
    assert found["session.auth.mechanisms"]["value"] == {"match": {"0": {"if": "is_tls", "then": "[plain]"}}, "else": "false"}
    assert found["session.auth.mechanisms"]["keys"] == ["session.auth.mechanisms.0000.if", "session.auth.mechanisms.0000.then", "session.auth.mechanisms.0001.else"]
    assert found["queue.route.relay.auth.secret"]["value"] == {"@type": "Value", "secret": "****"}
    assert err == "9 settings: 8 read-write, 0 read-only, 1 without counterpart.\n"


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["imap.timeout.idle"], 0),
        (["imap.timeout.idle=30m", "storage.data"], 0),
        (["imap.timeout.idle=soon"], 1),
        (["http.url"], 1),
        (["imap.time-out"], 1),
        (["lab.x=1"], 1),
        (["queue.route.<id>.port"], 0),
    ],
)
def test_status_tells_whether_everything_has_a_counterpart(capsys, arguments, status):
    assert run(capsys, *arguments)[0] == status


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is empty"),
        ("# nothing\n", "it holds no settings"),
        ("{}", "it holds no settings"),
        ('{"a": ', "it begins like JSON, but is none"),
        ("[server]\nhostname = Hush-4711\n", "it is no TOML: line 2, column 12"),
        ("a.b = 1\nwhat is this\n", "line 2 is neither a key nor `key = value`"),
        ("[1, 2]", "it is a JSON list, but not of settings"),
        ("7", "it is JSON, but neither an object nor a list"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_input_that_cannot_be_used(capsys, monkeypatch, text, reason):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    status, out, err = run(capsys, "-")
    assert (status, out) == (2, "")
    assert reason in err
    assert "Hush-4711" not in err


@pytest.mark.parametrize("name", ["missing.toml", "/no/such/file", "./x", "a-folder/"])
def test_files_that_are_not_there(capsys, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    if name != "a-folder/":
        status, _, err = run(capsys, name)
        assert status == 2
        assert "No such file" in err


def test_a_value_without_a_key_is_not_repeated(capsys):
    assert run(capsys, "=Hush-4711") == (2, "", "stalwart-gateway: an argument: it is no key\n")


def test_files_that_are_no_text(capsys, tmp_path):
    file = tmp_path / "x.bin"
    file.write_bytes(b"\xff\xfe\x00")
    status, _, err = run(capsys, str(file))
    assert (status, "no text in UTF-8" in err) == (2, True)


@pytest.mark.parametrize(
    "text",
    [
        '{"data": {"total": 2, "items": {"imap.auth.max-failures": "3", "imap.timeout.idle": "30m"}}}',
        '{"total": 2, "items": {"imap.auth.max-failures": "3", "imap.timeout.idle": "30m"}}',
        '{"imap.auth.max-failures": 3, "imap": {"timeout": {"idle": "30m"}}}',
        '{"data": {"items": [{"_id": "imap.auth.max-failures", "_value": "3"}, {"_id": "imap", "timeout.idle": "30m"}]}}',
        '[["imap.auth.max-failures", "3"], ["imap.timeout.idle", "30m"]]',
        'imap.auth.max-failures = 3\nimap.timeout.idle = "30m"\n',
        "imap.auth.max-failures = 3\n# comment\n\nimap.timeout.idle = 30m\n",
        '\ufeff[imap]\nauth.max-failures = 3\n[imap.timeout]\nidle = "30m"',
    ],
)
def test_forms_of_files(text):
    assert read(text) == [("imap.auth.max-failures", "3"), ("imap.timeout.idle", "30m")]


def test_lines_may_set_what_toml_forbids():
    text = 'spam-filter.card-is-ham = true\nspam-filter.card-is-ham.enable = false\nlookup.x.a = ["p", "q"]\nimap.timeout.idle'
    assert read(text) == [
        ("spam-filter.card-is-ham", "true"),
        ("spam-filter.card-is-ham.enable", "false"),
        ("lookup.x.a.0000", "p"),
        ("lookup.x.a.0001", "q"),
        ("imap.timeout.idle", None),
    ]


def test_a_dump_below_a_prefix():
    assert read('{"timeout.idle": "30m"}', "imap") == read('{"timeout.idle": "30m"}', "imap.") == [("imap.timeout.idle", "30m")]
    with pytest.raises(Unreadable):
        read('{"data": null}')


def test_a_narrow_terminal_gets_blocks(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    _, out, _ = run(capsys, "imap.timeout.idle=30m", "http.url")
    assert max(map(len, out.splitlines()[:-1])) <= 60
    assert out.startswith("imap.timeout.idle\n    new   x:Imap/timeoutIdle\n    value 1800000\nhttp.url\n    new   none\n    note  public URL")


def test_output_that_goes_elsewhere_is_not_broken_into_lines(capsys, monkeypatch):
    monkeypatch.delenv("COLUMNS")
    _, out, _ = run(capsys, "http.url", "authentication.master.secret=x")
    assert len(out.splitlines()) == 5


def test_keys_cannot_steer_the_terminal(capsys):
    _, out, _ = run(capsys, "lab.\x1b[2Jx=1", "server.hostname=a\x1b]0;x")
    assert "\x1b" not in out


def test_halves_of_surrogate_pairs_can_be_printed(capsys, tmp_path):
    file = tmp_path / "dump.json"
    file.write_text('{"server.hostname": "a\\ud800b", "lab.\\udfff": "x"}')
    for flags in ([], ["--json"]):
        _, out, _ = run(capsys, *flags, str(file))
        out.encode()
        assert "lab." in out


def test_progress_is_for_terminals_only(capsys, monkeypatch, tmp_path):
    file = tmp_path / "many.txt"
    file.write_text("\n".join(f"lookup.x.k{number} = v" for number in range(300)))
    monkeypatch.setattr(command, "_EVERY_SECONDS", 0)
    assert run(capsys, str(file))[2] == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    _, out, err = run(capsys, str(file))
    assert "\r300 of 300 keys" in err
    assert err.endswith("\r\x1b[K")
    assert out.rstrip().endswith("300 settings: 300 read-write, 0 read-only, 0 without counterpart.")


def test_who_reads_only_the_beginning_gets_no_traceback(tmp_path):
    file = tmp_path / "many.txt"
    file.write_text("\n".join(f"lookup.x.k{number} = v" for number in range(5000)))
    with subprocess.Popen([sys.executable, "-m", "gateway", "settings", "explain", str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline().startswith(b"OLD KEY")
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 1
