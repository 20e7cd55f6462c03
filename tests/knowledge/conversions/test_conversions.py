"""Each form of a value, from the new server to the old text and back, in literals."""

import pytest

from gateway.knowledge.conversions import MASK, Invalid, conversion, has_macro, read_auth, write_auth

DNS = (
    "variant(system=System,custom=Custom,cloudflare=Cloudflare+useTls:false,cloudflare-tls=Cloudflare+useTls:true,"
    "quad9=Quad9+useTls:false,quad9-tls=Quad9+useTls:true,google=Google)"
)
TRACER = "variant(log=Log,stdout=Stdout,console=Stdout,journal=Journal,open-telemetry=OtelHttp|OtelGrpc)"


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        ("bool", True, "true"),
        ("bool", False, "false"),
        ("int", 500, "500"),
        ("int?", 0, "0"),
        ("int?", None, None),
        ("float", 5, "5.0"),
        ("float", -0.25, "-0.25"),
        ("float", 1e-7, "0.0000001"),
        ("float", 1e22, "10000000000000000000000.0"),
        ("size", 10485760, "10485760"),
        ("duration", 300000, "5m"),
        ("duration", 90000, "90s"),
        ("duration", 1500, "1500ms"),
        ("duration", 86400000, "1d"),
        ("duration?", None, None),
        ("rate", {"count": 100, "period": 60000}, "100/1m"),
        ("rate?", None, None),
        ("cron", {"@type": "Hourly", "minute": 30}, "30 * *"),
        ("cron", {"@type": "Daily", "hour": 3, "minute": 0}, "0 3 *"),
        ("cron", {"@type": "Weekly", "hour": 4, "minute": 0, "day": 0}, "0 4 7"),
        ("cron", {"@type": "Weekly", "hour": 4, "minute": 0, "day": 1}, "0 4 1"),
        ("string", "mail.example.org", "mail.example.org"),
        ("string?", None, None),
        ("string-off?", None, None),
        ("enum(ipv4_then_ipv6=v4ThenV6,ipv4_only=v4Only)", "v4Only", "ipv4_only"),
        ("enum(lookup=true,default=false)", False, "default"),
        ("enum(enforce=enforce,testing=testing,test=testing)", "testing", "testing"),
        ("enum(sha256=sha256,sha1=sha1)", None, None),
        ("bool-variant(false=Disabled,true=Default)", {"@type": "Disabled"}, "false"),
        ("bool-variant(false=Disabled,true=Default)", {"@type": "PostgreSql", "host": "db"}, "true"),
        (DNS, {"@type": "Cloudflare", "useTls": True}, "cloudflare-tls"),
        (DNS, {"@type": "Cloudflare", "useTls": False}, "cloudflare"),
        (DNS, {"@type": "Google"}, "google"),
        (TRACER, {"@type": "Stdout"}, "stdout"),
        (TRACER, {"@type": "OtelGrpc"}, "open-telemetry"),
        ("variant(http=OtelHttp,grpc=OtelGrpc)", {"@type": "Log"}, None),
        ("region", {"@type": "EuCentral1"}, "eu-central-1"),
        ("region", {"@type": "DoNyc3"}, "do-nyc3"),
        ("region", {"@type": "CnNorthwest1"}, "cn-northwest-1"),
        ("region", {"@type": "Custom", "customRegion": "home", "customEndpoint": "https://s3.example.org"}, "home"),
        ("locale", "en_US", "en"),
        ("locale", "ca_ES@valencia", "ca"),
        ("secret", {"@type": "Value", "secret": "****"}, MASK),
        ("secret", {"@type": "EnvironmentVariable", "variableName": "HOOK_KEY"}, "%{env:HOOK_KEY}%"),
        ("secret", {"@type": "None"}, None),
        ("secret-text", {"@type": "File", "filePath": "/etc/dkim/ed.pem"}, "%{file:/etc/dkim/ed.pem}%"),
        ("secret-text", {"@type": "Text", "secret": "****"}, MASK),
        ("secret-word", "****", MASK),
        ("secret-word", None, None),
        ("public-text", {"@type": "Text", "value": "-----BEGIN"}, "-----BEGIN"),
        ("public-string", {"@type": "None"}, None),
        ("score-action", {"@type": "Reject", "tag": "VIRUS"}, "reject"),
        ("score-action", {"@type": "Score", "tag": "RBL", "score": 4.5}, "4.5"),
        ("file-ext", {"isArchive": True, "isNz": False, "isBad": True, "contentTypes": {"application/zip": True}}, "AR|BAD|application/zip"),
    ],
)
def test_what_a_value_reads_as(form, value, text):
    assert conversion(form).read(value) == text


@pytest.mark.parametrize(
    ("form", "text", "value"),
    [
        ("bool", "true", True),
        ("int", "007", 7),
        ("int", "0" * 5000 + "7", 7),
        ("int?", "0", None),
        ("int?", "never", None),
        ("float", "5", 5.0),
        ("size", "10m", 10485760),
        ("size", "1KB", 1024),
        ("size?", "false", None),
        ("duration", "5m", 300000),
        ("duration", "1500", 1500),
        ("duration?", "disabled", None),
        ("rate", "100/1m", {"count": 100, "period": 60000}),
        ("rate?", "unlimited", None),
        ("cron", "30 * *", {"@type": "Hourly", "minute": 30}),
        ("cron", "0 4 7", {"@type": "Weekly", "minute": 0, "hour": 4, "day": 0}),
        ("cron", "0 4 6", {"@type": "Weekly", "minute": 0, "hour": 4, "day": 6}),
        ("string?", "", None),
        ("string?", "false", "false"),
        ("string-off?", "false", None),
        ("enum(lookup=true,default=false)", "lookup", True),
        ("enum(enforce=enforce,testing=testing,test=testing)", "test", "testing"),
        ("bool-variant(false=Disabled,true=Default)", "true", {"@type": "Default"}),
        (DNS, "quad9-tls", [{"@type": "Quad9", "useTls": True}]),
        (TRACER, "console", [{"@type": "Stdout"}]),
        (TRACER, "open-telemetry", [{"@type": "OtelHttp"}, {"@type": "OtelGrpc"}]),
        ("region", "us-east-1", {"@type": "UsEast1"}),
        ("region", "wa-us-central-1", {"@type": "WaUsCentral1"}),
        ("region", "home", {"@type": "Custom", "customRegion": "home"}),
        ("locale", "en", "en_US"),
        ("locale", "pt", "pt_PT"),
        ("locale", "de-CH", "de_CH"),
        ("locale", "zh", "zh_CN"),
        ("secret", "hunter2", {"@type": "Value", "secret": "hunter2"}),
        ("secret", "%{file:/run/key}%", {"@type": "File", "filePath": "/run/key"}),
        ("secret", "", {"@type": "None"}),
        ("secret-text", "line\nline", {"@type": "Text", "secret": "line\nline"}),
        ("secret-word", "hmac", "hmac"),
        ("public-text", "%{env:CERT}%", {"@type": "EnvironmentVariable", "variableName": "CERT"}),
        ("public-string", "AKIA", {"@type": "Value", "value": "AKIA"}),
        ("score-action", "discard", {"@type": "Discard"}),
        ("score-action", "-1.5", {"@type": "Score", "score": -1.5}),
        ("file-ext", "NZ|image/png", {"isArchive": False, "isNz": True, "isBad": False, "contentTypes": {"image/png": True}}),
    ],
)
def test_what_a_text_is_written_as(form, text, value):
    assert conversion(form).write(text) == value


@pytest.mark.parametrize(
    ("form", "value", "texts"),
    [
        ("set", {"b": True, "a": True}, ["b", "a"]),
        ("email-set", {"postmaster@example.org": True}, ["postmaster@example.org"]),
        ("ip-mask-set", {"10.0.0.0/8": True, "::1": True}, ["10.0.0.0/8", "::1"]),
        ("socket-addr-set", {"[::]:25": True, "0.0.0.0:8443": True}, ["[::]:25", "0.0.0.0:8443"]),
        ("enum-set(remote_ip=remoteIp,rcpt=rcpt)", {"remoteIp": True, "rcpt": True}, ["remote_ip", "rcpt"]),
        ("upper-set", {"tls13-aes-256-gcm-sha384": True}, ["TLS13_AES_256_GCM_SHA384"]),
        ("header-map", {"X-A": "1: 2"}, ["X-A: 1: 2"]),
        ("list", {"0": {"sourceIp": "192.0.2.1"}, "1": {"sourceIp": "2001:db8::1"}}, ["192.0.2.1", "2001:db8::1"]),
        ("resolver-list", {"0": {"protocol": "tls", "address": "2001:db8::53", "port": 853}}, ["tls://[2001:db8::53]:853"]),
        ("resolver-list", {"0": {"protocol": "udp", "address": "192.0.2.53", "port": 53}}, ["udp://192.0.2.53:53"]),
        ("duration-list(1d 3d)", {"@type": "Default"}, ["1d", "3d"]),
        ("duration-list(1d 3d)", {"@type": "Custom", "intervals": {"0": {"duration": 900000}}}, ["15m"]),
        ("duration-list(1d 3d)", {"@type": "Custom", "intervals": {}}, []),
    ],
)
def test_lists_both_ways(form, value, texts):
    assert conversion(form).read(value) == texts
    assert conversion(form).write(texts) == value


def test_lists_have_their_own_order():
    assert conversion("list").read({"10": {"sourceIp": "b"}, "9": {"sourceIp": "a"}}) == ["a", "b"]


def test_a_mailto_prefix_is_dropped():
    assert conversion("email-set").write(["mailto:postmaster@example.org"]) == {"postmaster@example.org": True}


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("bool", "yes"), ("bool", "True"),
        ("int", "-1"), ("int", ""), ("int", "٣"), ("int", str(2**64)), ("int", "9" * 5000), ("int", "1" + "0" * 5000), ("duration", "1" + "0" * 5000 + "s"),
        ("float", "nan"), ("float", "1e5"), ("float", "9" * 400),
        ("size", "10 tb"), ("size", "m"),
        ("duration", "0s"), ("duration", "5 minutes"), ("duration", "-1s"), ("duration", "5M"),
        ("rate", "100"), ("rate", "0/1s"), ("rate", "1000001/1s"), ("rate", "1/0s"), ("rate", "a/1s"),
        ("cron", "0 3"), ("cron", "60 * *"), ("cron", "0 24 *"), ("cron", "0 3 8"), ("cron", "0 3 0"), ("cron", "* 3 *"),
        ("string", ""), ("string", "%{env:X}%"), ("string?", "a %{cfg:b}%"),
        ("enum(a=b)", "b"), ("bool-variant(false=A,true=B)", "A"), (DNS, "Google"),
        ("region", ""), ("locale", "xx"), ("locale", ""),
        ("secret", MASK), ("secret-word", MASK), ("secret-text", "x %{file:/a}%"), ("secret", "%{cfg:server.hostname}%"),
        ("score-action", "quarantine"), ("score-action", "1000000"),
    ],
)
def test_texts_that_mean_nothing(form, text):
    with pytest.raises(Invalid, match=r"."):
        conversion(form).write(text)


@pytest.mark.parametrize(
    ("form", "texts"),
    [
        ("set", ["a", ""]), ("set", ["%{env:A}%"]),
        ("email-set", ["postmaster"]), ("email-set", ["@example.org"]),
        ("ip-mask-set", ["10.0.0.0/7"]), ("ip-mask-set", ["host.example.org"]),
        ("socket-addr-set", ["::1:25"]), ("socket-addr-set", ["127.0.0.1"]), ("socket-addr-set", ["[::]:70000"]), ("socket-addr-set", ["[127.0.0.1]:25"]),
        ("upper-set", ["tls13"]), ("enum-set(a=b)", ["c"]),
        ("header-map", ["X-A: 1", "x-a: 2"]), ("header-map", ["X-A"]), ("header-map", [": 1"]), ("header-map", ["X-A:"]),
        ("list", ["mail.example.org"]),
        ("resolver-list", ["udp://dns.example.org:53"]), ("resolver-list", ["https://192.0.2.1:443"]), ("resolver-list", ["192.0.2.1"]),
        ("duration-list(1d 3d)", ["0s"]),
    ],
)
def test_lists_that_mean_nothing(form, texts):
    with pytest.raises(Invalid, match=r"."):
        conversion(form).write(texts)


def test_reasons_never_repeat_a_secret():
    with pytest.raises(Invalid) as refusal:
        conversion("secret").write("prefix-hunter2 %{file:/a}%")
    assert "hunter2" not in str(refusal.value)


def test_only_macros_of_the_old_server_count():
    assert has_macro("a %{cfg:b}% c")
    assert not has_macro("100%{x}%")


@pytest.mark.parametrize(
    ("keys", "value", "read"),
    [
        ((None, None, None), {"@type": "Unauthenticated"}, (None, None, None)),
        ((None, "x", None), {"@type": "Unauthenticated"}, (None, None, None)),
        (("hook", "s", None), {"@type": "Basic", "username": "hook", "secret": {"@type": "Value", "secret": "s"}}, ("hook", MASK, None)),
        (("hook", None, None), {"@type": "Basic", "username": "hook", "secret": {"@type": "None"}}, ("hook", None, None)),
        (("hook", "s", "t"), {"@type": "Bearer", "bearerToken": {"@type": "Value", "secret": "t"}}, (None, None, MASK)),
    ],
)
def test_credentials_of_web_requests(keys, value, read):
    assert write_auth(*keys) == value
    assert tuple(read_auth(member, value) for member in ("username", "secret", "bearerToken")) == read
