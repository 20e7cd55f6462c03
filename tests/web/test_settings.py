"""Where settings come from, which wins, and what is said about wrong ones."""

import os

import pytest

from gateway.settings import Settings, SettingsError, host_port, load, names, unknown_variables, variable


@pytest.fixture(autouse=True)
def _bare(monkeypatch):


    for name in list(os.environ):
        if name.startswith("GATEWAY_"):
            monkeypatch.delenv(name)


def problems(flags=None, file=None):
    with pytest.raises(SettingsError) as error:
        load(flags, file)
    return error.value.problems


def toml(tmp_path, text):
    file = tmp_path / "gateway.toml"
    file.write_text(text)
    return file


def test_flags_win_over_the_environment_which_wins_over_the_file(monkeypatch, tmp_path):
    file = toml(tmp_path, 'upstream = "http://file"\nlisten = "127.0.0.1:1"\nworkers = 3\n[limits]\nqueue = 1\nconcurrency = 2\nbody_bytes = 2048\n')
    monkeypatch.setenv("GATEWAY_LISTEN", "127.0.0.1:2")
    monkeypatch.setenv("GATEWAY_UPSTREAM", "http://environment")
    monkeypatch.setenv("GATEWAY_LIMITS__QUEUE", "5")
    monkeypatch.setenv("GATEWAY_LIMITS__CONCURRENCY", "3")
    settings = load({"upstream": "http://flag", "limits": {"queue": "7"}}, file)
    assert (settings.upstream, settings.listen, settings.workers) == ("http://flag", "127.0.0.1:2", 3)
    assert (settings.limits.queue, settings.limits.concurrency, settings.limits.body_bytes) == (7, 3, 2048)


def test_lists_and_pairs_in_the_environment(monkeypatch):
    monkeypatch.setenv("GATEWAY_PASSTHROUGH", "/jmap, /dav/,")
    monkeypatch.setenv("GATEWAY_TRUSTED_PROXIES", "10.0.0.0/8,::1")
    monkeypatch.setenv("GATEWAY_VALIDATION", "listQueue=off, patchQueue=report")
    settings = load()
    assert settings.passthrough == ["/jmap", "/dav"]
    assert settings.trusted_proxies == ["10.0.0.0/8", "::1"]
    assert settings.validation == {"listQueue": "off", "patchQueue": "report"}


def test_lists_and_pairs_in_the_file(tmp_path):
    settings = load(file=toml(tmp_path, 'passthrough = ["/jmap"]\n[validation]\nlistQueue = "off"\n'))
    assert (settings.passthrough, settings.validation) == (["/jmap"], {"listQueue": "off"})


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        ({"upstream": "ftp://x"}, "upstream (GATEWAY_UPSTREAM): 'ftp://x': must be a URL http://HOST[:PORT] or https://HOST[:PORT]"),
        ({"upstream": "127.0.0.1:8080"}, "upstream (GATEWAY_UPSTREAM): '127.0.0.1:8080': must be a URL http://HOST[:PORT] or https://HOST[:PORT]"),
        ({"upstream": "http://x:99999"}, "upstream (GATEWAY_UPSTREAM): 'http://x:99999': must be a URL http://HOST[:PORT] or https://HOST[:PORT]"),
        ({"upstream": "http://x/?a=b"}, "upstream (GATEWAY_UPSTREAM): 'http://x/?a=b': must not hold a query or a fragment"),
        ({"listen": "8008"}, "listen (GATEWAY_LISTEN): '8008': must be HOST:PORT, for example 127.0.0.1:8008, [::1]:8008 or 0.0.0.0:0"),
        ({"listen": "::1:8008"}, "listen (GATEWAY_LISTEN): '::1:8008': an IPv6 address stands in brackets: [::1]:8008"),
        ({"legacy_version": "0.14"}, "legacy_version (GATEWAY_LEGACY_VERSION): '0.14': input should be 'union', '0.11' or '0.15'"),
        ({"workers": "0"}, "workers (GATEWAY_WORKERS): '0': input should be greater than or equal to 1"),
        (
            {"limits": {"queue": "many"}},
            "limits.queue (GATEWAY_LIMITS__QUEUE): 'many': input should be a valid integer, unable to parse string as an integer",
        ),
        ({"timeouts": {"connect": "0"}}, "timeouts.connect (GATEWAY_TIMEOUTS__CONNECT): '0': input should be greater than 0"),
        ({"validation": "listQueue=maybe"}, "validation.listQueue (GATEWAY_VALIDATION): 'maybe': input should be 'enforce', 'report' or 'off'"),
        ({"passthrough": "/api/x"}, "passthrough (GATEWAY_PASSTHROUGH): '/api/x': /api is answered by the gateway itself"),
        ({"passthrough": "jmap"}, "passthrough (GATEWAY_PASSTHROUGH): 'jmap': 'jmap' is no path such as /jmap"),
        ({"passthrough": "/"}, "passthrough (GATEWAY_PASSTHROUGH): '/': '/' is no path such as /jmap"),
        (
            {"trusted_proxies": "proxy.test"},
            "trusted_proxies (GATEWAY_TRUSTED_PROXIES): 'proxy.test': 'proxy.test' is neither an IP address nor a network such as 10.0.0.0/8",
        ),
        ({"tls_key": "key.pem"}, "tls_certificate: not set, but the listener needs both tls_certificate and tls_key"),
        ({"tls_certificate": "cert.pem"}, "tls_key: not set, but the listener needs both tls_certificate and tls_key"),
    ],
)
def test_what_is_said_about_wrong_settings(flags, problem):
    assert problems(flags) == [problem]


def test_every_wrong_setting_is_named_at_once():
    assert len(problems({"upstream": "x", "listen": "x", "workers": "x"})) == 3


@pytest.mark.parametrize("flags", [{"upstream": "http://u:Canary@host"}, {"state": "mysql://u:Canary@host/db"}, {"state_key": "Canary"}])
def test_passwords_are_not_repeated(flags):
    (problem,) = problems(flags)
    assert "Canary" not in problem


def test_the_key_of_the_state_is_long_enough_and_not_shown():
    assert problems({"state_key": "Canary"}) == [
        "state_key (GATEWAY_STATE_KEY): must have 32 or more characters, for example those that `openssl rand -base64 32` prints"
    ]
    assert "Canary" not in repr(load({"state_key": "Canary-of-the-state-key-in-a-test"}))


def test_a_mistake_in_the_environment_is_a_mistake(monkeypatch):
    monkeypatch.setenv("GATEWAY_PERMISSIVE_CORS", "perhaps")
    assert problems()[0].startswith("permissive_cors (GATEWAY_PERMISSIVE_CORS): 'perhaps': ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("upstraem = 1", ["{file}: unknown setting upstraem; did you mean upstream?"]),
        ("[limits]\nqeue = 1", ["{file}: unknown setting limits.qeue; did you mean limits.queue?"]),
        ("zzz = 1\n[yyy]\na = 1", ["{file}: unknown setting zzz", "{file}: unknown setting yyy"]),
    ],
)
def test_unknown_keys_of_the_file_are_refused(tmp_path, text, said):
    file = toml(tmp_path, text)
    assert problems(file=file) == [line.format(file=file) for line in said]


def test_a_file_that_is_no_toml_or_is_not_there(tmp_path):
    assert problems(file=toml(tmp_path, "= 1"))[0].startswith(f"{tmp_path}/gateway.toml: is no TOML")
    assert problems(file=tmp_path / "none") == [f"{tmp_path}/none: cannot be read (FileNotFoundError)"]


def test_unknown_variables_are_named_and_harmless(monkeypatch):
    environment = {"GATEWAY_UPSTREAM": "x", "GATEWAY_CONFIG": "x", "GATEWAY_LIMITS__QUEUE": "1", "GATEWAY_LIMITS__QEUE": "1", "GATEWAY_ZZ": "Canary", "HOME": "x"}
    assert unknown_variables(environment) == ["GATEWAY_LIMITS__QEUE", "GATEWAY_ZZ"]
    monkeypatch.setenv("GATEWAY_LIMITS__QEUE", "1")
    monkeypatch.setenv("GATEWAY_ZZ", "1")
    assert load().model_dump() == Settings().model_dump()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("GATEWAY_LIMITS", '{"nope": 1}', "GATEWAY_LIMITS: unknown setting limits.nope"),
        ("GATEWAY_LIMITS", '{"qeue": 1, "concurrency": 2}', "GATEWAY_LIMITS: unknown setting limits.qeue; did you mean limits.queue?"),
        ("GATEWAY_TIMEOUTS", '{"queue": 1}', "GATEWAY_TIMEOUTS: unknown setting timeouts.queue"),
        ("gateway_timeouts", '{"conect": 1}', "gateway_timeouts: unknown setting timeouts.conect; did you mean timeouts.connect?"),
        ("GATEWAY_LIMITS", "Canary", 'limits (GATEWAY_LIMITS): must be a JSON object of settings, for example {"concurrency": …}'),
        ("GATEWAY_LIMITS", "", 'limits (GATEWAY_LIMITS): must be a JSON object of settings, for example {"concurrency": …}'),
        ("GATEWAY_TIMEOUTS", "[1]", 'timeouts (GATEWAY_TIMEOUTS): must be a JSON object of settings, for example {"connect": …}'),
    ],
)
def test_unknown_keys_of_groups_in_the_environment_are_refused(monkeypatch, name, text, said):
    monkeypatch.setenv(name, text)
    assert problems() == [said]


def test_groups_in_the_environment(monkeypatch):
    monkeypatch.setenv("GATEWAY_LIMITS", '{"queue": 5, "CONCURRENCY": 3}')
    monkeypatch.setenv("GATEWAY_LIMITS__QUEUE", "6")
    assert (load().limits.queue, load().limits.concurrency) == (6, 3)


def test_every_setting_says_what_it_is_for():
    assert all(field.description for _, field in names())
    assert variable(("limits", "queue_seconds")) == "GATEWAY_LIMITS__QUEUE_SECONDS"


@pytest.mark.parametrize(
    ("text", "expected"), [("127.0.0.1:0", ("127.0.0.1", 0)), ("[::1]:8008", ("::1", 8008)), (":80", ("", 80)), ("localhost:65535", ("localhost", 65535))]
)
def test_listening_addresses(text, expected):
    assert host_port(text) == expected


@pytest.mark.parametrize("text", ["", "x", "x:", "x:y", "x:65536", "x:-1", "x:٣"])
def test_no_listening_addresses(text):
    with pytest.raises(ValueError, match="HOST:PORT"):
        host_port(text)
