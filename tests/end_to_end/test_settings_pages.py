"""Every settings page of the old WebAdmin: loaded, saved unchanged, changed in one field, saved, loaded again (clients 3.5, mapping-settings 9.2)."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.knowledge.settings_map import Row
from gateway.knowledge.settings_notes import defaults
from gateway.knowledge.settings_pages import Page, pages

Form = dict[str, Any]
"""Values of a page by key: a text, the elements of a list, or the conditions of an expression by the rest of their keys."""

FOLDERS = ("inbox", "drafts", "sent", "trash", "junk", "shared")


class WebAdmin:
    """What WebAdmin does with one page; `record` is the id of the record that is edited."""

    def __init__(self, old, page: Page, record: str | None = None) -> None:
        self.old, self.page = old, page
        self.before = f"{page.prefix}.{record}." if record else ""
        self.fields: dict[str, Row] = {}
        for row in page.rows:
            for name in FOLDERS if row.base.startswith("email.folders.") else (record or "",):
                self.fields[row.base.replace("<id>", name)] = row

    async def load(self) -> Form:
        """The page as it is shown, without defaults of its own."""
        if self.before:
            found = (await self.old.get(f"/api/settings/list?prefix={self.before.removesuffix('.')}"))["items"]
            flat = {self.before + key: text for key, text in found.items()}
        else:
            several = ",".join(key for key, row in self.fields.items() if many(row))
            flat = await self.old.get(f"/api/settings/keys?keys={','.join(self.fields)}" + (f"&prefixes={several}" if several else ""))
        form: Form = {}
        for key, row in self.fields.items():
            if row.is_expression:
                parts = {rest.removeprefix(key).removeprefix("."): text for rest, text in flat.items() if rest == key or rest.startswith(f"{key}.")}
                form |= {key: parts} if parts else {}
            elif row.is_list:
                texts = [flat[name] for name in sorted(flat) if name == key or (name.startswith(f"{key}.") and name[len(key) + 1 :].isdigit())]
                form |= {key: texts} if texts else {}
            elif key in flat:
                form[key] = flat[key]
        return form

    def defaults(self) -> Form:
        """What the page shows in fields that it found empty: as far as known, and always where the new server has no place for them."""
        told = {key: {"": row.neutral[0]} if row.is_expression else row.neutral[0] for key, row in self.fields.items() if row.neutral}
        for key, row in self.fields.items():
            if not self.before and (both := defaults(row)) and not row.is_expression:
                told[key] = both.old.split(", ") if row.is_list else both.old
        return told

    async def save(self, loaded: Form, form: Form) -> Any:
        """All values of the page, whatever was changed."""
        values = [[key[len(self.before) :], text] for name, value in (self.defaults() | form).items() for key, text in spelled(name, value)]
        if self.before:
            operations: list[Any] = [{"type": "clear", "prefix": self.before}]
            insert = {"type": "insert", "prefix": self.before.removesuffix("."), "values": values, "assert_empty": False}
        else:
            several = [key for key, row in self.fields.items() if many(row)]
            emptied = [key for key in loaded if key not in form and key not in several]
            operations = [{"type": "clear", "prefix": f"{key}."} for key in several] if loaded else []
            operations += [{"type": "delete", "keys": [*several, *emptied]}] if loaded else []
            insert = {"type": "insert", "prefix": None, "values": values, "assert_empty": False}
        return await self.post([*operations, insert])

    async def create(self, form: Mapping[str, Any]) -> Any:
        """A new record, which must not be there yet; `form` has its keys without the prefix."""
        shown = {key.removeprefix(self.before): value for key, value in self.defaults().items()}
        values = [[key, text] for name, value in (shown | dict(form)).items() for key, text in spelled(name, value)]
        return await self.post([{"type": "insert", "prefix": self.before.removesuffix("."), "values": values, "assert_empty": True}])

    async def post(self, operations: Any) -> Any:
        status, answer = await self.old.call("POST", "/api/settings", json.dumps(operations))
        assert status == 200, answer
        return answer


def many(row: Row) -> bool:
    return row.is_list or row.is_expression


def spelled(key: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [(f"{key}.{rest}" if rest else key, text) for rest, text in value.items()]
    if isinstance(value, list):
        width = len(str(len(value) - 1))
        return [(key, value[0])] if len(value) == 1 else [(f"{key}.{place:0{width}}", text) for place, text in enumerate(value)]
    return [(key, value)]


async def written(old) -> list[str]:
    """Names of the changes that the new server has been asked for so far."""
    async with aiohttp.ClientSession() as http, http.get(f"{old.both.simulator}/.simulator/journal") as answer:
        return [call for request in await answer.json() for call in request["calls"] if call.endswith("/set")]


# What is changed on pages whose first fields take more thought than another number or switch.
CHANGES: Mapping[str, Form] = {
    "arc": {"auth.arc.verify": {"": "strict"}},
    "spf": {"auth.spf.verify.ehlo": {"0.if": "local_port = 25", "0.then": "strict", "1.else": "disable"}},
    "dmarc": {"auth.dmarc.verify": {"": "disable"}},
    "report-outbound": {"report.domain": "reports.example.org"},
    "authentication": {"storage.directory": "people"},
    "smtp-out-strategy": {"queue.strategy.connection": {"0.if": "is_empty(sender)", "0.then": "'bounces'", "1.else": "'default'"}},
    "report-analysis": {"report.analysis.addresses": ["dmarc@*", "postmaster@*", "reports@*"]},
    "report-dsn": {"report.dsn.from-name": {"": "'Postmaster'"}},
    "report-dkim": {"report.dkim.send": {"": "[2, 1d]"}},
    "report-spf": {"report.spf.subject": {"": "'SPF'"}},
    "openid": {"oauth.oidc.signature-algorithm": "ES384"},
    "system": {"global.thread-pool": "4"},
    "metrics": {"metrics.prometheus.enable": "true"},
    "enterprise": {"enterprise.logo-url": "https://example.org/logo.svg"},
    "spam-llm": {
        "spam-filter.llm.enable": "true",
        "spam-filter.llm.model": "helper",
        "spam-filter.llm.prompt": "Is this spam?",
        "spam-filter.llm.categories": ["Unsolicited", "Legitimate"],
        "spam-filter.llm.confidence": ["High", "Low"],
        "spam-filter.llm.index.category": "0",
        "spam-filter.llm.separator": ",",
        "spam-filter.llm.temperature": "0.5",
    },
    "telemetry-history": {"tracing.history.retention": "7d"},
}
# Records that these refer to.
NEEDED: Mapping[str, tuple[str, Form]] = {
    "authentication": ("directory.people", {"type": "ldap", "url": "ldap://localhost", "base-dn": "dc=example,dc=org"}),
    "spam-llm": ("enterprise.ai.helper", {"url": "https://ai.example.org", "type": "chat", "model": "m", "default-temperature": "0.7"}),
}


def change(admin: WebAdmin, loaded: Form) -> Form:
    """Other values for a page: those of CHANGES, else of its first number, text or switch."""
    if admin.page.name in CHANGES:
        return CHANGES[admin.page.name]
    others = ((key, changed(row, loaded.get(key))) for key, row in admin.fields.items() if row.direction == "rw" and "fixed" not in row.marks)
    return next(({key: new} for key, new in others if new is not None), {})


def changed(row: Row, value: Any) -> Any:
    """Another value for a field, None where that takes more thought."""
    text = value.get("") if isinstance(value, dict) else value
    if not isinstance(text, str):
        return None
    if row.word == "ui-flag":
        return None
    if row.word in {"bool", "expression", "id-ref-bool"} and text in {"true", "false"}:
        new = "false" if text == "true" else "true"
    elif row.word in {"int", "int?", "size", "expression"} and text.isdigit():
        new = str(int(text) + 1)
    elif row.word in {"duration", "duration?"}:
        new = "7m" if text != "7m" else "8m"
    elif row.word in {"rate", "rate?"}:
        new = "7/1m"
    elif row.word in {"string", "string?"}:
        new = f"{text}x"
    else:
        return None
    return {"": new} if isinstance(value, dict) else new


@pytest.mark.parametrize("page", [page for page in pages() if page.kind == "fields" and page.name != "email-folders"], ids=lambda page: page.name)
async def test_pages_of_single_fields(old, page):
    admin = WebAdmin(old, page)
    if page.name in NEEDED:
        record, form = NEEDED[page.name]
        assert await admin.post([{"type": "insert", "prefix": record, "values": list(form.items()), "assert_empty": True}]) == {"data": None}
    done = await written(old)
    loaded = await admin.load()
    assert await admin.save(loaded, loaded) == {"data": None}
    assert await written(old) == done
    new = change(admin, loaded)
    assert bool(new) == bool(page.fitting("rw"))
    assert await admin.save(loaded, loaded | new) == {"data": None}
    assert len(await written(old)) == len(done) + bool(new)
    assert await admin.load() == loaded | new


@pytest.mark.parametrize("page", [page for page in pages() if page.kind == "fields" and page.fitting("rw")], ids=lambda page: page.name)
async def test_many_fields_of_a_page_at_once(old, page):
    """All numbers, texts and switches; each object of the new server is written once."""
    admin = WebAdmin(old, page)
    loaded = await admin.load()
    new = {key: value for key, row in admin.fields.items() if row.direction == "rw" and (value := changed(row, loaded.get(key))) is not None}
    new |= {"report.domain": "reports.example.org"} if "report.domain" in new else {}
    assert await admin.save(loaded, loaded | new) == {"data": None}
    assert await admin.load() == loaded | new
    assert sorted(await written(old)) == sorted({f"x:{admin.fields[key].objects[0]}/set" for key in new})


async def test_the_page_of_mail_folders(old):
    """The only page whose first save changes something: the built-in folders become folders with settings (mapping-settings 3.3)."""
    (page,) = (page for page in pages() if page.name == "email-folders")
    admin = WebAdmin(old, page)
    assert await admin.load() == {}
    shown = {f"email.folders.{name}.{field}": value for name in FOLDERS[1:5] for field, value in (("name", name.title()), ("create", "true"), ("subscribe", "true"))}
    shown |= {"email.folders.inbox.name": "Inbox", "email.folders.shared.name": "Shared Folders"}
    assert await admin.save({}, shown) == {"data": None}
    loaded = await admin.load()
    assert shown.items() <= loaded.items()
    done = await written(old)
    assert await admin.save(loaded, loaded) == {"data": None}
    assert await written(old) == done
    new = loaded | {"email.folders.junk.name": "Spam", "email.folders.junk.aliases": ["Junk", "Bulk"]}
    assert await admin.save(loaded, new) == {"data": None}
    assert await admin.load() == new
    assert len(await written(old)) == len(done) + 1


def certified() -> tuple[str, str]:
    """A certificate for a host name and its key, as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.example.org")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("mail.example.org")])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=30)).add_extension(names, critical=False)
    plain = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made.sign(key, SHA256()).public_bytes(Encoding.PEM).decode(), key.private_bytes(*plain).decode()


PEM = certified()

# New records as the pages send them: what they ask for, and defaults that they show.
RECORDS: Mapping[str, tuple[str, Form]] = {
    "directory": ("people", {"type": "ldap", "url": "ldap://localhost:389", "base-dn": "dc=example,dc=org", "timeout": "15s", "bind.dn": "cn=reader", "bind.secret": "letmein", "attributes.class": ["objectClass", "kind"], "pool.max-connections": "10"}),
    "listener": ("sieve2", {"protocol": "managesieve", "bind": ["[::]:4191", "127.0.0.1:4192"], "tls.implicit": "false", "tls.override": "false", "socket.override": "false", "proxy.override": "false"}),
    "smtp-out-routing": ("relay", {"type": "relay", "address": "relay.example.net", "port": "587", "protocol": "smtp", "tls.implicit": "false", "auth.username": "me", "auth.secret": "letmein"}),
    "smtp-out-queues": ("bulk", {"threads-per-node": "5"}),
    "smtp-out-scheduling": ("slow", {"queue-name": "remote", "retry": ["5m", "1h"], "notify": "1d", "expire-type": "ttl", "expire": "5d"}),
    "smtp-out-tls": ("strict", {"allow-invalid-certs": "false", "dane": "require", "mta-sts": "optional", "starttls": "require", "timeout.tls": "3m", "timeout.mta-sts": "5m"}),
    "smtp-out-connection": ("two", {"timeout.connect": "5m", "source-ips": ["192.0.2.1", "192.0.2.2"], "ehlo-hostname": "out.example.org"}),
    "smtp-out-throttle": ("slow-mx", {"enable": "true", "key": ["mx", "remote_ip"], "rate": "10/1m", "match": "rcpt_domain = 'example.net'"}),
    "smtp-out-quota": ("large", {"enable": "true", "key": "sender_domain", "size": "104857600", "messages": "1000"}),
    "smtp-in-throttle": ("per-listener", {"enable": "true", "key": "listener", "rate": "100/1s"}),
    "tracing": ("console", {"type": "stdout", "level": "info", "ansi": "true", "enable": "true", "multiline": "false", "buffered": "true", "lossy": "false"}),
    "web-hooks": ("hook.example.org", {"url": "https://hook.example.org/", "events": ["auth.success", "auth.failed"], "timeout": "30s", "throttle": "1s", "auth.username": "me", "auth.secret": "letmein", "signature-key": "letmein"}),
    "trusted-script": ("greet", {"name": "Greeting", "contents": 'require ["reject"];\nkeep;\n'}),
    "untrusted-script": ("tidy", {"name": "Tidy", "contents": 'require ["fileinto"];\nfileinto "x";\n'}),
    "milter": ("milter.example.org-11332", {"hostname": "milter.example.org", "port": "11332", "enable": "true", "stages": ["data", "rcpt"], "tls": "false"}),
    "mta-hooks": ("mta.example.org", {"url": "https://mta.example.org/", "enable": "true", "stages": "data", "timeout": "30s", "auth.username": "me", "auth.secret": "letmein"}),
    "spam-rule": ("my_rule", {"scope": "any", "condition": "is_tls && is_empty(subject)", "enable": "true", "priority": "10"}),
    "spam-dnsbl": ("my_list", {"scope": "ip", "zone": "ip_reverse + '.list.example.org'", "tag": "'LISTED'", "enable": "true"}),
    "http-lookup": ("names", {"url": "https://lists.example.org/names.csv", "format": "csv", "separator": ",", "index.key": "0", "skip-first": "true", "enable": "true", "refresh": "12h", "timeout": "30s", "limits.size": "104857600"}),
    "store": ("more", {"type": "redis", "redis-type": "single", "urls": "redis://localhost:6379", "timeout": "30s"}),
    "certificate": ("mine", {"cert": PEM[0], "private-key": PEM[1], "default": "false"}),
    "signature": ("rsa-example.org", {"algorithm": "rsa-sha256", "domain": "example.org", "selector": "s2024", "private-key": PEM[1], "headers": ["From", "To", "Subject"], "canonicalization": "relaxed/relaxed", "report": "false"}),
}
ENTERPRISE_RECORDS: Mapping[str, tuple[str, Form]] = {
    "ai-models": ("helper", {"url": "https://ai.example.org", "type": "chat", "model": "m", "default-temperature": "0.7", "timeout": "2m", "auth.token": "letmein", "headers": ["X-Team: mail", "X-Use: spam"]}),
    "alerts": ("many", {"condition": "queue_count > 100", "enable": "true", "notify.email.enable": "true", "notify.email.from-addr": "alert@example.org", "notify.email.subject": "Queue", "notify.email.body": "Long\nqueue", "notify.email.to": ["a@example.org", "b@example.org"], "notify.event.enable": "false"}),
}
CHANGED: Mapping[str, Form] = {"listener": {"server.listener.sieve2.bind": ["[::]:4191"]}}


@pytest.mark.parametrize("name", RECORDS)
async def test_pages_of_records(old, name):
    await walk(old, name, *RECORDS[name])


@pytest.mark.parametrize("name", ENTERPRISE_RECORDS)
async def test_pages_of_records_of_the_enterprise_edition(enterprise, name):
    await walk(enterprise, name, *ENTERPRISE_RECORDS[name])


async def walk(old, name: str, record: str, form: Form) -> None:
    """Make a record, find it, save it unchanged, change it, and delete it."""
    (page,) = (page for page in pages() if page.name == name)
    admin = WebAdmin(old, page, record)
    assert await admin.load() == {}
    assert await admin.create(form) == {"data": None}
    assert await admin.create(form) == {"error": "assertFailed"}
    listed = await old.get(f"/api/settings/group?page=1&limit=100&prefix={page.prefix}&suffix={page.suffix}&filter=")
    assert record in [item["_id"] for item in listed["items"]]
    loaded = await admin.load()
    done = await written(old)
    assert await admin.save(loaded, loaded) == {"data": None}
    assert await written(old) == done
    new = CHANGED.get(name) or change(admin, loaded)
    assert new
    assert await admin.save(loaded, loaded | new) == {"data": None}
    assert len(await written(old)) == len(done) + 1
    assert await admin.load() == loaded | new
    assert await admin.post([{"type": "clear", "prefix": admin.before}]) == {"data": None}
    assert await admin.load() == {}


async def test_records_of_a_fresh_server_are_saved_unchanged(old):
    seen = {}
    for page in (page for page in pages() if page.kind == "records"):
        listed = await old.get(f"/api/settings/group?page=1&limit=10&prefix={page.prefix}&suffix={page.suffix}&filter=")
        for item in listed["items"]:
            admin = WebAdmin(old, page, item["_id"])
            loaded = await admin.load()
            answer = await admin.save(loaded, loaded)
            assert answer == {"data": None}, (page.name, item["_id"])
            seen.setdefault(page.name, []).append(item["_id"])
    assert await written(old) == []
    assert seen["smtp-out-routing"] == ["local", "mx"]
    assert seen["store"] == ["data"]
    assert len(seen) > 7


# Keys of the flat lists with their values: the one that is made, and another.
KEYS: Mapping[str, tuple[str, str, str]] = {
    "blocked-ip": ("192.0.2.7", "", ""),
    "allowed-ip": ("198.51.100.0/24", "", ""),
    "spam-redirect": ("short.example", "", ""),
    "spam-trusted": ("partner.example", "", ""),
    "spam-block": ("bad.example", "", ""),
    "spam-trap": ("trap@example.org", "", ""),
    "spam-score": ("MY_TAG", "3.5", "discard"),
    "spam-mime": ("xyz", "AR|BAD", "application/xyz"),
    "custom-levels": ("smtp.error", "debug", "warn"),
}


@pytest.mark.parametrize("page", [page for page in pages() if page.kind == "keys"], ids=lambda page: page.name)
async def test_pages_of_single_keys(old, page):
    admin = WebAdmin(old, page)
    name, value, other = KEYS[page.name]
    key = f"{page.prefix}.{name}"

    def insert(text, *, new):
        return [{"type": "insert", "prefix": None, "values": [[key, text]], "assert_empty": new}]

    assert await old.get(f"/api/settings/keys?keys={key}") == {}
    assert await admin.post(insert(value, new=True)) == {"data": None}
    assert await admin.post(insert(value, new=True)) == {"error": "assertFailed"}
    assert await old.get(f"/api/settings/keys?keys={key}") == {key: value}
    listed = await old.get(f"/api/settings/group?page=1&limit=10&prefix={page.prefix}&suffix=&filter={name}")
    assert {"_id": name, "_value": value} in listed["items"]
    done = await written(old)
    assert await admin.post(insert(value, new=False)) == {"data": None}
    assert await written(old) == done
    if other != value:
        assert await admin.post(insert(other, new=False)) == {"data": None}
        assert await old.get(f"/api/settings/keys?keys={key}") == {key: other}
    if page.reload:
        assert await old.get(f"/api/reload/{page.reload}") == {"warnings": {}, "errors": {}}
    assert await admin.post([{"type": "delete", "keys": [key]}]) == {"data": None}
    assert await old.get(f"/api/settings/keys?keys={key}") == {}


async def test_delete_all_keeps_what_the_filter_does_not_find(old):
    (page,) = (page for page in pages() if page.name == "spam-trap")
    admin = WebAdmin(old, page)
    values = [[f"{page.prefix}.{name}@example.org", ""] for name in ("one", "two", "twofold")]
    assert await admin.post([{"type": "insert", "prefix": None, "values": values, "assert_empty": True}]) == {"data": None}
    assert await admin.post([{"type": "clear", "prefix": f"{page.prefix}.", "filter": "two"}]) == {"data": None}
    listed = await old.get(f"/api/settings/group?prefix={page.prefix}")
    assert [item["_id"] for item in listed["items"]] == ["one@example.org"]


async def test_the_page_of_certificate_authorities(old):
    """The new server opens an account with the authority at once; the simulated one has no network, so that nothing is made."""
    (page,) = (page for page in pages() if page.name == "acme")
    admin = WebAdmin(old, page, "letsencrypt")
    form = {"directory": "https://acme.example.org/directory", "challenge": "tls-alpn-01", "contact": "postmaster@example.org", "domains": "mail.example.org"}
    answer = await admin.create(form)
    assert (answer["error"], answer["reason"]) == ("other", "directory")
    assert answer["details"].startswith("Failed to create ACME account: ")
    assert await admin.load() == {}
    assert await admin.create(form | {"provider": "cloudflare"}) == {
        "error": "unsupported",
        "details": "Setting 'acme.letsencrypt.provider' is not supported by this server version",
    }


def test_every_page_is_walked():
    walked = {page.name for page in pages() if page.kind == "fields"} | {*RECORDS, *ENTERPRISE_RECORDS, *KEYS, "acme"}
    assert {page.name for page in pages()} == walked
