"""Every key with a counterpart: what is written into an object of the new server reads back, and the new server would take it."""

from collections import Counter
from contextlib import suppress
from copy import deepcopy
from decimal import Decimal

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from gateway.knowledge import schema as facts
from gateway.knowledge.conversions import MASK
from gateway.knowledge.event_names import EVENTS, METRICS
from gateway.knowledge.locales import LOCALES
from gateway.knowledge.schema import MISSING, initial, nested, object_type
from gateway.knowledge.settings_map import SETTINGS
from gateway.legacy.refusals import ManagementError
from gateway.legacy.settings.records import texts_of
from gateway.legacy.settings.writing.compare import compare
from gateway.legacy.settings.writing.editing import Draft
from gateway.legacy.settings.writing.operations import Clear, Delete, Insert
from gateway.legacy.settings.writing.run import rows_of
from gateway.legacy.settings.writing.run import wanted as wanted_by
from gateway.legacy.settings.writing.sheet import read
from gateway.legacy.settings.writing.target import FieldMissing, Target
from gateway.legacy.settings.writing.values import pointer_of
from gateway.simulator.declared import vocabulary
from gateway.simulator.objects.values import Write
from gateway.simulator.settings.expressions import EXPRESSIONS, problems

ELSEWHERE = {
    "acme.<id>.domains.<n>",
    "certificate.<id>.default",
    "queue.source-ip.<id>.ehlo-hostname",
    "lookup.<id>.<key>",
    "server.allowed-ip.<id>",
    "server.blocked-ip.<id>",
}
"""Keys that are kept as objects of their own, or as references in others."""

ROWS = [row for row in SETTINGS.rows if row.direction == "rw" and not row.is_record and row.pattern not in ELSEWHERE]
ALERT = "metrics.alerts.rec.notify.email."
BESIDE = {
    "metrics.alerts.<id>.notify.email.enable": {f"{ALERT}from-addr": "a@example.org", f"{ALERT}subject": "s", f"{ALERT}body": "b", f"{ALERT}to": "b@example.org"},
    "signature.<id>.algorithm": {"signature.rec.private-key": "known"},
}
"""What has to be written with a key, for it was not needed before or cannot be read."""

ROLES = {"BlobStore": "blob", "SearchStore": "fts", "InMemoryStore": "lookup", "TracingStore": "tracing", "MetricsStore": "metrics"}
LOGIN = {"@type": "Basic", "username": "someone", "secret": {"@type": "Value", "secret": "known"}}
SIGNING_KEY = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]
DOMAINS = [{"id": id_, "name": name, "certificateManagement": {"@type": "Manual"}} for id_, name in (("b", "example.org"), ("c", "example.net"))]


def test_these_are_all_of_them():
    counted = [row for row in SETTINGS.rows if row.direction == "rw" and not row.is_record]
    assert (len(counted), len(ROWS)) == (736, 736 - len(ELSEWHERE))


# Objects that have a property.


def filled(schema, variant):
    """An object with all defaults, and something in every property that has none."""
    made = {} if variant is None else {"@type": variant}
    for name, prop in schema.variants[variant].items():
        if not prop.computed and prop.mutability != "server" and not prop.hidden:
            made[name] = something(prop)
    return made


def something(prop):
    if prop.kind.name in {"Expression", "OptionalExpression"}:
        return prop.default or {"match": {}, "else": "true"}
    value = initial(prop)
    if value is not MISSING:
        return value
    if inner := nested(prop.kind):
        return filled(inner, inner.default_variant)
    texts = {"domain": "example.org", "email": "a@example.org", "host": "mail.example.org"}
    word = prop.kind.of[0].word if prop.kind.of else prop.kind.word
    one = {"text": texts.get(prop.kind.of[0].name if prop.kind.of else prop.kind.name, "text"), "socket": "127.0.0.1:1", "ip": "127.0.0.1", "id": "b"}
    if prop.kind.word == "list":
        inner = nested(prop.kind.of[0])
        return {str(place): filled(inner, inner.default_variant) for place in range(prop.shortest)}
    if prop.kind.word == "set":
        values = facts.vocabulary().enums[prop.kind.of[0].name] if word == "enum" else [one[word], f"{one[word]}2"]
        return dict.fromkeys(values[: prop.shortest], True)
    return {"uint": prop.least or 1, "duration": 1000}.get(word) or one.get(word, "secret")


def holders(row):
    """Type and variant of the objects that have the property of a row, and the object with it."""
    for type_ in row.objects:
        if type_ == "DataStore":
            continue
        schema = object_type(type_).schema
        for variant in schema.variants:
            it = filled(schema, variant)
            record = record_of(row, type_)
            pointer = pointer_of(row, Target(type_, it, variant, record))
            if type_ == "DkimSignature" and variant.startswith("Dkim2"):
                continue
            if row.word == "http-auth" and not pointer.endswith("bearerToken") and "httpAuth" in it:
                it["httpAuth"] = dict(LOGIN)
            if row.word == "variant" and pointer == "/@type" and variant not in row.form.partition("(")[2].replace(")", "").replace("|", ",").replace("=", ",").replace("+", ",").split(","):
                continue
            if pointer == "/store/@type":
                it["store"] = filled(facts.vocabulary().schemas["LookupStore"], "Redis")
            if row.word in {"ui-flag", "score-action", "file-ext"} or pointer == "/@type" or open_way(schema, variant, it, pointer.split("/")[1:]):
                yield type_, variant, {"id": "singleton" if object_type(type_).ids == "singleton" else "a", **it}, record


def open_way(schema, variant, it, elements):
    """Choose the variants of parts so that a property is there; whether it is."""
    head, *rest = elements
    prop = schema.variants[variant].get(head)
    if prop is None or not rest or rest == ["@type"]:
        return prop is not None
    if prop.kind.word == "map":
        inner = nested(prop.kind.of[1])
        entry = filled(inner, None)
        it[head] = {rest[0]: entry}
        return open_way(inner, None, entry, rest[1:])
    inner = nested(prop.kind)
    for choice in inner.variants:
        part = filled(inner, choice)
        if open_way(inner, choice, part, rest):
            it[head] = part
            return True
    return False


def record_of(row, type_):
    if row.pattern.startswith("store."):
        return {"StoreLookup": "text", "Coordinator": "coordinator", **ROLES}.get(type_, "data")
    if type_ == "SpamTag":
        return "REC"
    return "junk" if ".folders." in row.pattern else "rec"


def snapshot_of(type_, it):
    found = {
        "Domain": DOMAINS,
        "SystemSettings": [{"id": "singleton", "defaultDomainId": "b", "defaultCertificateId": None}],
        "MtaVirtualQueue": [{"id": "q", "name": "local"}],
        "AiModel": [{"id": "m", "name": "small"}],
        "BlobStore": [{"id": "singleton", "@type": "Default"}],
        "Directory": [],
    }
    return found | {type_: [it]}


def named_of(type_, record):
    return {name: ({"a": record} if name == type_ else {"m": "small"}) for name in {row.objects[0] for row in SETTINGS.rows if row.objects}} | {
        "MtaVirtualQueue": {"q": "local"} if type_ != "MtaVirtualQueue" else {"a": record},
        "Directory": {"a": "rec"},
    }


def everything_else(demand, snapshot):
    """What else a batch looks at: single objects as they are at first, and no others."""
    for type_ in demand.objects:
        found = object_type(type_)
        if type_ not in snapshot and found.ids == "singleton":
            snapshot[type_] = [{"id": "singleton", **filled(found.schema, found.schema.default_variant)}]
        snapshot.setdefault(type_, [])


def patched(type_, it, entry):
    """The object after its entry; one that becomes another variant begins with its defaults, as on the server."""
    if entry.action == "destroy":
        return {"id": it["id"], **filled(object_type(type_).schema, it.get("@type"))}
    if entry.action == "create":
        return it | entry.value
    changes = {"/".join(names): value for names, value in entry.changes.items()}
    variant = changes.pop("@type", it.get("@type"))
    made = it if variant == it.get("@type") else {"id": it["id"], **filled(object_type(type_).schema, variant)}
    for pointer, value in changes.items():
        put(object_type(type_).schema, made, pointer.split("/"), value)
    return made


def put(schema, it, names, value):
    """Write a value as the server does: a part that is given whole takes its defaults for the rest."""
    name, *rest = names
    kind = facts.properties(schema, it)[name].kind if schema else None
    inner = nested(kind) if kind and kind.word == "schema" else None
    if rest:
        put(inner, it.setdefault(name, {}), rest, value)
    elif inner and isinstance(value, dict) and None not in inner.variants:
        it[name] = filled(inner, value["@type"]) | value
    else:
        it[name] = value


def operations(key, wanted):
    """What an old client sends to set a key, whatever stood there."""
    if isinstance(wanted, str):
        return [Insert(None, ((key, wanted),), assert_empty=False)]
    texts = wanted.items() if isinstance(wanted, dict) else enumerate(wanted)
    pairs = tuple((f"{key}.{rest}" if rest != "" else key, text) for rest, text in texts)
    return [Clear(f"{key}.", None), Delete((key,)), Insert(None, pairs, assert_empty=False)]


# Texts of every form, and what they read as.


def texts(row, type_, prop):
    """Texts for a key and the texts that it then has; an element of a pair may be the same."""
    word, _, arguments = row.form.removesuffix(")").partition("(")
    if word in WORDS:
        return WORDS[word](row, prop)
    pairs = [(old, new) for old, _, new in (pair.partition("=") for pair in arguments.split(","))]
    first = {new: old for old, new in reversed(pairs)}
    if word in {"enum", "variant", "bool-variant"}:
        known = facts.vocabulary().schemas["LookupStore"] if type_ == "StoreLookup" else object_type(type_).schema
        usable = [
            (old, first[new])
            for old, new in pairs
            if word != "variant" or row.pointer != "/@type" or any(part.partition("+")[0] in known.variants for part in new.split("|"))
        ]
        return st.sampled_from(usable)
    if word == "enum-set":
        return st.lists(st.sampled_from(pairs), min_size=1, unique_by=lambda it: it[1]).map(lambda some: ([old for old, _ in some], [first[new] for _, new in some]))
    raise AssertionError(row.form)


def same(strategy):
    return strategy.map(lambda text: (text, text))


def within(prop, most=2**32):
    return st.integers(int(prop.least or 0), int(prop.most or most))


def whole(row, prop):
    del row
    return same(within(prop).map(str))


def sizes(row, prop):
    del row
    return within(prop).flatmap(
        lambda number: st.sampled_from([(text, str(number)) for text in spelled(number, {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "kb": 1024})])
    )


def spelled(number, units):
    return [f"{number // factor}{unit}" for unit, factor in units.items() if number % factor == 0]


UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def duration_texts(number):
    shown = spelled(number, UNITS)[-1]
    return st.sampled_from([(text, shown) for text in [*spelled(number, UNITS), str(number)]])


def durations(row, prop):
    del row
    numbers = st.integers(int(prop.least or 1), int(prop.most or 2**40))
    if not prop.most:
        numbers |= st.integers(1, 400).flatmap(lambda count: st.sampled_from([count * factor for factor in UNITS.values() if count * factor >= (prop.least or 1)] or [3_600_000]))
    return numbers.flatmap(duration_texts)


def rates(row, prop):
    del row, prop
    return st.tuples(st.integers(1, 10**6), st.integers(1, 2**40).flatmap(duration_texts)).map(lambda it: (f"{it[0]}/{it[1][0]}", f"{it[0]}/{it[1][1]}"))


def or_null(strategy, *words):
    """A null reads as what the row says, or not at all."""

    def made(row, prop):
        off = st.sampled_from(words).map(lambda text: (text, row.null)) if prop.nullable else st.nothing()
        return strategy(row, prop).filter(lambda pair: pair[1] not in {"0", *words}) | off

    return made


def decimals(row, prop):
    del row
    low, high = prop.least if prop.least is not None else -1e6, prop.most if prop.most is not None else 1e6
    return st.decimals(low, high, places=3).map(lambda it: (format(it, "f"), shown_decimal(it)))


def shown_decimal(number):
    text = format(Decimal(repr(float(number))), "f")
    return text if "." in text else f"{text}.0"


CRONS = st.one_of(
    st.integers(0, 59).map(lambda minute: f"{minute} * *"),
    st.tuples(st.integers(0, 59), st.integers(0, 23)).map(lambda it: f"{it[0]} {it[1]} *"),
    st.tuples(st.integers(0, 59), st.integers(0, 23), st.integers(1, 7)).map(lambda it: " ".join(map(str, it))),
)
LABELS = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
HOSTS = st.lists(LABELS, min_size=1, max_size=3).map(lambda labels: ".".join([*labels, "example.org"]))
EMAILS = st.tuples(LABELS, LABELS).map(lambda it: f"{it[0]}@{it[1]}.example.org")
PLAIN = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters="%"), min_size=1, max_size=20).filter(
    lambda text: text == text.strip() and text not in {"false", "disable", "disabled", "never", "0"}
)


def by_kind(kind):
    if kind.word == "enum":
        return st.sampled_from(facts.vocabulary().enums[kind.name])
    return {"host": HOSTS, "domain": HOSTS, "email": EMAILS}.get(kind.name, PLAIN)


def strings(row, prop):
    del row
    return same(by_kind(prop.kind))


def sets(row, prop):
    del row
    return same(st.lists(by_kind(prop.kind.of[0]), min_size=max(1, prop.shortest or 0), max_size=12, unique=True))


def addresses(row, prop):
    del row
    plain = st.lists(EMAILS, min_size=max(1, prop.shortest or 0), max_size=4, unique=True)
    return plain.map(lambda some: ([f"mailto:{it}" if place % 2 else it for place, it in enumerate(some)], some))


def secrets(row, prop):
    del prop
    macros = st.sampled_from(["%{env:NAME}%", "%{file:/etc/key.pem}%"])
    if row.pattern == "oauth.oidc.signature-key":
        return st.just((SIGNING_KEY, MASK)) | same(macros)
    return PLAIN.filter(lambda text: text != MASK).map(lambda text: (text, MASK)) | same(macros)


def shown_texts(row, prop):
    del row, prop
    return same(PLAIN | st.sampled_from(["%{env:NAME}%", "%{file:/etc/key.pem}%"]))


NETWORKS = st.sampled_from(["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "2001:db8::1", "172.16.0.0/12"])
ENDPOINTS = st.sampled_from(["[::]:25", "0.0.0.0:25", "127.0.0.1:2525", "[2001:db8::1]:465"])
SERVERS = st.sampled_from(["udp://127.0.0.1:53", "tcp://192.0.2.1:53", "tls://[2001:db8::53]:853"])
HEADERS = st.lists(st.tuples(LABELS, LABELS), min_size=1, max_size=4, unique_by=lambda it: it[0]).map(lambda some: [f"{name}: {text}" for name, text in some])
CONDITIONS = ["is_local_domain('*', 'example.org')", "is_empty('')", "'%{' == \"it's\"", "1 == 2 && !is_empty('x')", "config_get('report.domain') == 'a'"]
RESULTS = ["true", "false", "'text'", "config_get('server.hostname')", "5m", "[1, 1d]"]
CIPHERS = ["TLS13_AES_256_GCM_SHA384", "TLS13_CHACHA20_POLY1305_SHA256"]


def chains(results):
    def made(row, prop):
        del row, prop
        steps = st.lists(st.tuples(st.sampled_from(CONDITIONS), st.sampled_from(results)), max_size=11)
        return same(st.tuples(steps, st.sampled_from(results)).map(chain))

    return made


def chain(it):
    steps, otherwise = it
    if not steps:
        return {"": otherwise}
    texts = {f"{place}.{part}": text for place, step in enumerate(steps) for part, text in zip(("if", "then"), step, strict=True)}
    return texts | {f"{len(steps)}.else": otherwise}


SIGNED = ["false", "['rsa-' + config_get('report.domain'), 'ed25519-' + config_get('report.domain')]", "['rsa-' + 'example.org', 'ed25519-' + 'example.org']"]


def just(*some):
    return lambda _row, _prop: same(st.sampled_from(some))


def many(items):
    return lambda _row, prop: same(st.lists(items, min_size=max(1, prop.shortest or 0) if prop else 1, max_size=12, unique=True))


def references(row, prop):
    del prop
    target = row.form.partition("x:")[2].partition("/")[0]
    return same(st.sampled_from({"Domain": ["example.org", "example.net"], "MtaVirtualQueue": ["local"], "AiModel": ["small"], "Directory": ["internal", "rec"]}[target]))


def intervals(row, prop):
    del prop
    usual = row.form.partition("(")[2].removesuffix(")").split()
    free = st.lists(st.integers(1, 2**40).flatmap(duration_texts), min_size=1, max_size=12).map(lambda some: ([it[0] for it in some], [it[1] for it in some]))
    return st.just((usual, usual)) | free


def languages(row, prop):
    del row, prop
    return same(st.sampled_from(sorted({name.partition("_")[0] for name in LOCALES if "@" not in name and "_" in name})))


WORDS = {
    "bool": just("true", "false"),
    "cron": lambda _row, _prop: same(CRONS),
    "duration": durations,
    "duration-list": intervals,
    "duration?": or_null(durations, "false", "disable", "never", "0"),
    "email-set": addresses,
    "event-set": many(st.sampled_from(EVENTS)),
    "expression": chains(RESULTS),
    "expression-sign": chains(SIGNED),
    "expression-single": just(*CONDITIONS),
    "file-ext": just("AR", "NZ|BAD", "BAD|text/plain|application/zip"),
    "float": decimals,
    "header-map": lambda _row, _prop: same(HEADERS),
    "http-auth": lambda row, prop: (strings if row.pointer.endswith("username") else secrets)(row, prop),
    "id-ref": references,
    "int": whole,
    "int?": or_null(whole, "false", "disabled", "0"),
    "ip-mask-set": many(NETWORKS),
    "list": many(st.ip_addresses().map(str)),
    "locale": languages,
    "metric-expression": just("queue_count > 10", "server_memory >= 5 && domain_count == 1"),
    "metric-set": many(st.sampled_from(METRICS)),
    "public-string": shown_texts,
    "public-text": shown_texts,
    "rate": rates,
    "rate?": or_null(rates, "false", "none", "unlimited"),
    "region": just("us-east-1", "eu-central-2", "do-nyc3"),
    "resolver-list": many(SERVERS),
    "score-action": just("1.5", "-3.0", "discard", "reject"),
    "secret": secrets,
    "secret-text": secrets,
    "secret-word": lambda _row, _prop: PLAIN.map(lambda text: (text, MASK)),
    "set": sets,
    "size": sizes,
    "size?": or_null(sizes, "false", "0"),
    "socket-addr-set": many(ENDPOINTS),
    "string": strings,
    "string-off?": or_null(strings, "false", "never"),
    "string?": strings,
    "text": strings,
    "text?": strings,
    "ui-flag": just("true", "false"),
    "upper-set": many(st.sampled_from(CIPHERS)),
}


# The law.


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.pattern)
def test_what_is_written_reads_back(row):
    """And what is taken away again is as on a new server, unless that cannot be."""
    found = list(holders(row))
    assert found, "no object has it"
    used = Counter()

    @settings(max_examples=6, deadline=None, phases=PHASES)
    @given(st.sampled_from(found), st.data())
    def law(holder, data):
        type_, _variant, it, record = holder
        it = deepcopy(it)
        key = row.base.replace("<id>", record)
        pointer = pointer_of(row, Target(type_, it, it.get("@type"), record))
        prop = facts.property_at(type_, pointer, it)
        wanted, shown = data.draw(texts(row, type_, prop))
        try:
            it, changed = carried_out([*operations(key, wanted), Insert(None, tuple(BESIDE.get(row.pattern, {}).items()), assert_empty=False)], type_, it, record)
        except FieldMissing:
            assume(not row.pointer.endswith("/@type"))
            raise
        assume(changed or row.word == "ui-flag")
        used["taken"] += 1
        if row.word != "ui-flag":
            check_read(row, record, snapshot_of(type_, it), named_of(type_, record), shown)
        check_taken(type_, it.get("@type"), it)
        if shown is not None:
            check_default(row, type_, it, record)

    law()
    assert used["taken"]


ODD = st.text(max_size=12) | st.sampled_from([
    *["0", "-1", "1e400", "9" * 5000, "true", MASK, "%{env:A}%", "a%{file:/b}%", "%{cfg:imap.timeout.idle}%", "%{cfg:}%", "1/", "/1s", "1/0s", "* * *", "1 2"],
    *["[", "'", "config_get(", "is_local_domain('*'", "metric(", "udp://", "[::]:", "a:1", "10.0.0.0/33", "::/0", "@", "mailto:", ":", "x: ", "|", "AR|", "*", "a*b"],
])
EVERY = [row for row in SETTINGS.rows if row.direction != "none" and not row.is_record and row.pattern not in {"lookup.<id>.<key>", "queue.source-ip.<id>.ehlo-hostname"}]


@pytest.mark.parametrize("row", EVERY, ids=lambda row: row.pattern)
def test_whatever_is_written_is_taken_or_refused(row):
    found = list(holders(row)) or [("Http", None, {"id": "singleton", **filled(object_type("Http").schema, None)}, "rec")]
    some = ODD | st.lists(ODD, min_size=1, max_size=3) if row.is_list else ODD
    if row.is_expression:
        some = ODD | st.dictionaries(st.sampled_from(["", "0.if", "0.then", "1.else", "7.if"]), ODD, min_size=1)

    @settings(max_examples=12, deadline=None, phases=PHASES)
    @given(st.sampled_from(found), some, st.booleans())
    def law(holder, wanted, known):
        type_, _variant, it, record = holder
        key = row.base.replace("<id>", record if known else "other")
        with suppress(ManagementError):
            entries_of(operations(key, wanted), type_, deepcopy(it), record)

    law()


def entries_of(done, type_, it, record):
    """What the operations would send; never a secret that is masked."""
    snapshot, named = snapshot_of(type_, it), named_of(type_, record)
    demand = wanted_by(done)
    everything_else(demand, snapshot)
    draft = Draft(read(rows_of(demand.objects), snapshot, named, {}), {}, lambda _slot: False)
    draft.apply(done)
    entries = compare(draft, snapshot, named)
    assert not any(MASK in str((entry.changes, entry.value)) for entry in entries)
    return entries


def carried_out(done, type_, it, record):
    """The object after the operations, and whether anything of it changed; None when it is gone."""
    entries = entries_of(done, type_, it, record)
    assert {entry.type for entry in entries} <= {type_}
    assert [entry.action for entry in entries] in (["update"], ["destroy", "create"], ["destroy"], [])
    for entry in entries:
        it = patched(type_, it, entry)
    return (None if [entry.action for entry in entries] == ["destroy"] else it), bool(entries)


def check_default(row, type_, it, record):
    """A key that is deleted falls back to what a new server has; one without default cannot be."""
    key = row.base.replace("<id>", record)
    pointer = pointer_of(row, Target(type_, it, it.get("@type"), record))
    prop = facts.property_at(type_, pointer, it)
    default = initial(prop) if prop else None
    gone = [Clear(f"{key}.", None), Delete((key,))] if row.is_list or row.is_expression else [Delete((key,))]
    refusal = None
    try:
        after, _ = carried_out(gone, type_, it, record)
    except FieldMissing as missing:
        refusal, after = missing, None
    if refusal:
        assert refusal.body["field"].startswith(key.rpartition(".")[0])
        assert prop is None or row.word == "http-auth" or default is MISSING or pointer == "/@type", (pointer, default)
    if after is None or prop is None or row.word in {"variant", "bool-variant", "event-set", "metric-set", "http-auth", "ui-flag"}:
        return
    if prop.kind.name != "OptionalExpression":
        assert at(after, pointer) in (default, "absent")


def at(it, pointer):
    for name in pointer.split("/")[1:]:
        if not isinstance(it, dict) or name not in it:
            return "absent"
        it = it[name]
    return it


def check_read(row, record, snapshot, named, shown):
    base = row.base.replace("<id>", record)
    read = {key.removeprefix(base).removeprefix("."): text for key, text in texts_of(row, snapshot, named) if key == base or key.startswith(f"{base}.")}
    if row.pattern.startswith("store.") and len(read) > 1 and "" in read:
        read = {"": read[""]}
    if shown is None:
        assert read == {}
    elif isinstance(shown, list):
        assert sorted(read.values()) == sorted(shown)
    elif isinstance(shown, dict):
        assert {tuple(int(part) if part.isdigit() else part for part in rest.split(".")): text for rest, text in read.items()} == {
            tuple(int(part) if part.isdigit() else part for part in rest.split(".")): text for rest, text in shown.items()
        }
    else:
        assert read == {"": shown}


def check_taken(type_, variant, it):
    """The simulator takes the object as a whole, its expressions included."""
    schema = vocabulary().objects[type_].schema
    wire = {name: value for name, value in it.items() if name != "id"}
    stored = schema.parse(wire, "", Write(creating=True))
    given_by_server = {prop.name for prop in schema.variants[variant].values() if prop.mutability == "server"}
    assert [error for error in schema.errors(stored) if error["property"] not in given_by_server] == []
    for name, prop in facts.properties(object_type(type_).schema, it).items():
        if prop.kind.name in EXPRESSIONS and prop.kind.word == "schema" and stored[name]["else"]:
            assert list(problems(type_, variant, name, stored[name])) == []
