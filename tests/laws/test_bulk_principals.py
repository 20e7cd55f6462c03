"""No bulk DELETE touches a principal that the old server would not have chosen, whatever happens on the new server meanwhile.

The new server is a small model of its documented query, get and set, whose text search finds too much; what the old server chose is written down a
second time here, from legacy-rest-api 2.1.
"""

import random
import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.jmap.calls import Get, Query, Ref
from gateway.jmap.session import Account
from gateway.knowledge.ids import decode, encode
from gateway.knowledge.permissions import NEW_RIGHTS

from .bulk import call

DOMAINS = {"b": "lab.test", "c": "acme.test", "d": "zoo.test"}
TYPES = {
    "individual": ("Account", "User"), "group": ("Account", "Group"), "list": ("MailingList", None), "domain": ("Domain", None),
    "role": ("Role", None), "tenant": ("Tenant", None), "oauthClient": ("OAuthClient", None),
}  # fmt: skip
EVERY_RIGHT = frozenset(right for rights in NEW_RIGHTS.values() for right in rights)
DEFAULT_ROLE = "b"


def words(text):
    return set(re.findall(r"[^\W_]+", (text or "").lower()))


class NewServer:
    """Objects by type and id. `restless`: others work on them between two requests."""

    def __init__(self, objects, *, restless=False, seed=0):
        self.objects = objects
        self.restless = restless
        self.random = random.Random(seed)  # noqa: S311 - nothing secret
        self.seen = {}
        self.destroyed = []
        self.lost = []
        self.writes = 0
        self.made = 0

    async def account(self):
        return Account(EVERY_RIGHT, "oss", "en_US")

    def recall(self, _kind):
        return None

    def edition(self, _kind):
        return 0

    def keep(self, *_):
        pass

    def drop(self, _kind):
        pass

    async def request(self, *calls):
        return await self.attempt(*calls)

    async def attempt(self, *calls):
        if self.restless:
            self._happen()
        answers = []
        for one in calls:
            if isinstance(one, Query):
                answers.append(self._query(one))
            elif isinstance(one, Get):
                answers.append(self._get(one, answers))
            else:
                answers.append(self._set(one))
        return answers

    def _query(self, call):
        found = [id_ for id_, it in self.objects[call.type].items() if all(self._fits(it, *one) for one in (call.filter or {}).items())]
        found.sort(key=decode)
        return {"ids": found[call.position : call.position + call.limit], "total": len(found)}

    def _fits(self, it, name, value):
        if name == "memberGroupIds":
            return value in it.get("memberGroupIds", {})
        if name in ("text", "description"):
            return (bool(words(value)) and bool(words(value) & shown(it, self.objects["Domain"]))) or self.random.random() < 0.3
        return it.get(name) == value

    def _get(self, call, answers):
        if call.type in ("Authentication", "SystemSettings"):
            one = {"id": "singleton", "defaultDomainId": "b", "defaultUserRoleIds": {DEFAULT_ROLE: True}}
            return {"list": [one]}
        ids = answers[call.ids.call]["ids"] if isinstance(call.ids, Ref) else call.ids
        held = self.objects[call.type]
        found = [held[id_] for id_ in (held if ids is None else ids) if id_ in held]
        self.seen |= {(call.type, it["id"]): dict(it) for it in found}
        return {"list": [{name: value for name, value in it.items() if name in call.properties} for it in found]}

    def _set(self, call):
        self.writes += 1
        held = self.objects[call.type]
        updated, destroyed, failed = {}, [], {}
        for id_, patch in (call.update or {}).items():
            for pointer, value in patch.items():
                assert value is None, "a bulk DELETE only takes away"
                *path, last = pointer.split("/")
                place = held.get(id_, {})
                for part in path:
                    place = place.get(part, {})
                self.lost.append((call.type, id_, pointer, place.get(last)))
                if path:
                    place.pop(last, None)
                elif place:
                    place[last] = None
            updated[id_] = None
        for id_ in call.destroy or ():
            links = self._links(call.type, id_)
            if id_ not in held:
                failed[id_] = {"type": "notFound"}
            elif links:
                failed[id_] = {"type": "objectIsLinked", "linkedObjects": [{"object": type_, "id": other} for type_, other in links]}
            else:
                self.destroyed.append((call.type, id_, held.pop(id_)))
                destroyed.append(id_)
        return {"updated": updated, "destroyed": destroyed, "notDestroyed": failed}

    def _links(self, type_, id_):
        objects = self.objects
        everybody = [("Account", it) for it in objects["Account"].values()] + [("MailingList", it) for it in objects["MailingList"].values()]
        match type_:
            case "Domain":
                system = [("SystemSettings", {"id": "singleton"})] if id_ == "b" else []
                users = [(kind, it) for kind, it in everybody if it["domainId"] == id_] + system
            case "Account":
                users = [(kind, it) for kind, it in everybody if id_ in it.get("memberGroupIds", {})]
            case "Role":
                users = [(kind, it) for kind, it in everybody if id_ in it.get("roles", {}).get("roleIds", {})]
                users += [("Authentication", {"id": "singleton"})] if id_ == DEFAULT_ROLE else []
            case "Tenant":
                users = [(kind, it) for kind, it in everybody if it["memberTenantId"] == id_]
            case _:
                users = []
        return [(kind, it["id"]) for kind, it in users]

    def _happen(self):
        """Somebody gives objects other texts, removes and makes some."""
        for type_ in ("Account", "MailingList", "OAuthClient"):
            for id_, it in [*self.objects[type_].items()]:
                match self.random.randrange(5):
                    case 0 if type_ != "Account" or not self._links(type_, id_):
                        del self.objects[type_][id_]
                    case 1:
                        it["description"] = self.random.choice(["", "red", "blue red", "x"])
            self.made += 1
            fresh = encode(500 + self.made)
            self.objects[type_][fresh] = mail(type_, fresh, "new", "c", "red") if type_ != "OAuthClient" else client(fresh, "new", "red")


def shown(it, domains):
    """Words of what the old server showed of an object: name, description, addresses."""
    texts = [it.get("description"), it.get("clientId"), it.get("emailAddress"), it.get("name") if "domainId" not in it else None]
    aliases = (it.get("aliases") or {}).values()
    texts += [f"{alias['name']}@{domains[alias['domainId']]['name']}" for alias in aliases if alias["domainId"] in domains]
    address = it.get("emailAddress")
    texts += [f"@{domain['name']}" for domain in domains.values() if address and domain["catchAllAddress"] == address]
    return set().union(*map(words, texts))


def mail(type_, id_, local, domain, description, **more):
    kind = {"@type": "User", "memberGroupIds": {}, "roles": {"@type": "User"}} if type_ == "Account" else {"recipients": {}}
    return kind | {
        "id": id_, "name": local, "domainId": domain, "emailAddress": f"{local}@{DOMAINS[domain]}", "description": description,
        "aliases": {}, "memberTenantId": None,
    } | more  # fmt: skip


def client(id_, name, description):
    return {"id": id_, "clientId": name, "description": description, "contacts": {}, "memberTenantId": None}


@st.composite
def worlds(draw):
    """A server with some objects of every type that know each other."""
    text = st.sampled_from([None, "red", "blue red", "lab", "x red", "acme test"])
    domain = st.sampled_from([*DOMAINS])
    tenant = st.sampled_from([None, None, "b"])
    objects = {
        "Domain": {id_: {"id": id_, "name": name, "aliases": {}, "description": draw(text), "memberTenantId": draw(tenant), "catchAllAddress": None} for id_, name in DOMAINS.items()},
        "Role": {id_: {"id": id_, "description": name, "roleIds": {}, "memberTenantId": None} for id_, name in (("b", "User"), ("c", "red | helps"), ("d", "blue"))},
        "Tenant": {id_: {"id": id_, "name": name} for id_, name in (("b", "acme | red"), ("c", "zoo"))},
        "OAuthClient": {}, "Account": {}, "MailingList": {},
    }  # fmt: skip
    number = 10
    for _ in range(draw(st.integers(0, 8))):
        type_ = draw(st.sampled_from(["Account", "Account", "Account", "MailingList", "OAuthClient"]))
        number += 1
        id_ = encode(number)
        if type_ == "OAuthClient":
            objects[type_][id_] = client(id_, f"red-{number}", draw(text))
            continue
        aliases = {"0": {"name": "also", "domainId": draw(domain), "enabled": True}} if draw(st.booleans()) else {}
        it = mail(type_, id_, f"u{number}", draw(domain), draw(text), aliases=aliases, memberTenantId=draw(tenant))
        others = [*objects["Account"].values()]
        if type_ == "Account":
            groups = [other["id"] for other in others if other["@type"] == "Group"]
            if draw(st.booleans()):
                it |= {"@type": "Group"}
                it.pop("memberGroupIds")
            elif groups:
                it["memberGroupIds"] = {draw(st.sampled_from(groups)): True}
            if draw(st.booleans()):
                it["roles"] = {"@type": "Custom", "roleIds": {draw(st.sampled_from("cd")): True}}
        else:
            it["recipients"] = {"far@far.test": True} | {other["emailAddress"]: True for other in others if draw(st.booleans())}
        objects[type_][id_] = it
        if draw(st.integers(0, 4)) == 0:
            objects["Domain"][draw(domain)]["catchAllAddress"] = it["emailAddress"]
    return objects


def meant(kind, it, query, domains):
    """Whether the old server would have chosen an object."""
    type_, variant = TYPES[kind]
    return (
        (variant is None or it["@type"] == variant)
        and ("tenant" not in query or (type_ not in ("Tenant", "Role", "OAuthClient") and it["memberTenantId"] == "b"))
        and words(query.get("filter", "")) <= shown(it, domains)
    )


KINDS = st.sampled_from([*TYPES])
FILTERS = st.sampled_from(["red", "blue red", "x red", "lab.test", "acme", "u11", "also@acme.test", "u12@lab.test", "zz red", "red zz", "x", "User", "- -"])
QUERIES = st.fixed_dictionaries({}, optional={"filter": FILTERS, "tenant": st.just("acme"), "limit": st.just("1"), "page": st.just("2")})
SMALL = {"get_page": 3}


def of(kind, query):
    return {"type": kind, "confirm": "true", **query}


@settings(max_examples=300, deadline=None)
@given(KINDS, worlds(), QUERIES, st.integers(0, 99))
@example("individual", {"Domain": {}, "Role": {}, "Tenant": {}, "OAuthClient": {}, "Account": {}, "MailingList": {}}, {}, 0)
def test_nothing_is_destroyed_that_the_old_server_would_not_have_chosen(kind, objects, query, seed):
    before = {it["id"]: dict(it) for it in objects[TYPES[kind][0]].values()}
    domains = {id_: dict(it) for id_, it in objects["Domain"].items()}
    server = NewServer(objects, seed=seed)
    answer = call("deletePrincipals", server, of(kind, query), **SMALL)
    for type_, id_, _ in server.destroyed:
        assert type_ == TYPES[kind][0]
        assert meant(kind, before[id_], query, domains)
    chosen = [it for it in before.values() if meant(kind, it, query, domains)]
    if answer is False and not query.keys() & {"filter", "tenant"}:
        assert chosen in ([], [it for it in chosen if it["id"] == "b"])


@settings(max_examples=200, deadline=None)
@given(KINDS, worlds(), QUERIES, st.integers(0, 99))
def test_a_restless_server_loses_nothing_that_did_not_match_when_it_was_read(kind, objects, query, seed):
    server = NewServer(objects, restless=True, seed=seed)
    call("deletePrincipals", server, of(kind, query), **SMALL)
    for type_, id_, _ in server.destroyed:
        assert type_ == TYPES[kind][0]
        if "filter" in query:
            assert meant(kind, server.seen[type_, id_], query, server.objects["Domain"])


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["individual", "group", "list"]), worlds(), st.integers(0, 99))
def test_without_filter_everything_goes_that_can(kind, objects, seed):
    server = NewServer(objects, seed=seed)
    type_, variant = TYPES[kind]
    there = any(variant is None or it["@type"] == variant for it in objects[type_].values())
    assert call("deletePrincipals", server, of(kind, {}), **SMALL) is there
    assert not [it for it in server.objects[type_].values() if variant is None or it["@type"] == variant]


@settings(max_examples=300, deadline=None)
@given(KINDS, worlds(), QUERIES, st.booleans(), st.integers(0, 99))
def test_others_lose_only_what_named_the_destroyed(kind, objects, query, restless, seed):
    server = NewServer(objects, restless=restless, seed=seed)
    call("deletePrincipals", server, of(kind, query), **SMALL)
    ids = {id_ for _, id_, _ in server.destroyed}
    addresses = {it["emailAddress"] for _, _, it in server.destroyed if "emailAddress" in it}
    addresses |= {f"also@{name}" for name in DOMAINS.values()} if addresses else set()
    for type_, _, pointer, value in server.lost:
        what, _, whose = pointer.rpartition("/")
        if pointer == "catchAllAddress":
            assert type_ == "Domain"
            assert value in addresses | {None}
        elif what == "recipients":
            assert whose in addresses
        else:
            assert what in ("memberGroupIds", "roles/roleIds", "roleIds")
            assert whose in ids or restless


BAD = st.sampled_from([
    {"type": "Individual"}, {"type": "individual,group"}, {"type": ""}, {"type": "other"}, {"confirm": "TRUE"}, {"confirm": "1"}, {"confirm": ""},
    {"tenant": "nobody"}, {"filter": " "}, {"filters": "red"}, {"name": "red"}, {"types": "list"}, {"domain": "lab.test"},
])  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(KINDS, worlds(), QUERIES, BAD)
def test_what_is_refused_leaves_everything(kind, objects, query, bad):
    server = NewServer(objects)
    assert call("deletePrincipals", server, {**of(kind, query), **bad}, **SMALL) is None
    assert server.writes == 0
