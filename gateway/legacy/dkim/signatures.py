"""Making a signing key, and showing its public half (legacy-rest-api 2.6, mapping-principals 6.5)."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from gateway.jmap.calls import Call, Get, Object, Query, Ref, Set
from gateway.jmap.errors import Garbled
from gateway.knowledge.ids import decode
from gateway.knowledge.permissions import holds
from gateway.legacy.dkim.ids import SIGNATURE, WORDS, derived, meant
from gateway.legacy.dkim.keys import ed25519_key, rsa_key
from gateway.legacy.domains import domain_named, domains
from gateway.legacy.exchange import Exchange
from gateway.legacy.outcomes import failures
from gateway.legacy.principal.context import Domain
from gateway.legacy.principal.values.errors import Request, refusal
from gateway.legacy.refusals import Forbidden, ItemNotFound, ManagementError, NotFound, Other
from gateway.legacy.settings.remembered import LONGEST_ID

MOST = 500
_NEW = "c0"
_SHOWN = ("id", "@type", "selector", "stage", "createdAt")
_READ = ("id", "@type", "stage", "createdAt", "publicKey")
_LIVING = frozenset({"active", "pending"})
_RIGHT = "dkim-signature-get"


class Algorithm(NamedTuple):
    """Type of the new signature, letter behind the month in its selector, maker of its key."""

    type: str
    letter: str
    make: Callable[[], str]


ALGORITHMS: Mapping[str, Algorithm] = {
    "Rsa": Algorithm("Dkim1RsaSha256", "r", rsa_key),
    "Ed25519": Algorithm("Dkim1Ed25519Sha256", "e", ed25519_key),
}

_OLD = frozenset(it.type for it in ALGORITHMS.values())


async def create_signature(exchange: Exchange) -> Any:
    """Make a key for a domain.

    ItemNotFound for an unknown domain, `fieldAlreadyExists` for an id that is taken: the key that the old server then showed cannot be read any
    more. The key goes to the new server and nowhere else.
    """
    body = exchange.body
    algorithm, name = ALGORITHMS[body["algorithm"]], body["domain"]
    domain = await domain_named(exchange, name)
    if domain is None:
        raise ItemNotFound(name)
    usual = derived(WORDS[algorithm.type], domain)
    given = body.get("id")
    id_: str = usual if given is None else given
    if id_ != usual and len(id_.encode()) > LONGEST_ID:
        raise Other("Invalid parameter", "The id is too long")
    async with exchange.locks((SIGNATURE, id_), (SIGNATURE, "of", domain.id)):
        outlived = await _free(exchange, id_, domain)
        signature = await _signature(exchange, algorithm, domain)
        (answer,) = await exchange.caller.request(Set(SIGNATURE, create={_NEW: signature}))
        made = answer.get("created", {}).get(_NEW)
        if made is None:
            raise _refused(answer, name, domain)
        await exchange.memory.forget_records(SIGNATURE, dict.fromkeys(outlived, id_))
        if id_ != usual:
            await exchange.memory.remember_records(SIGNATURE, {made["id"]: id_})


async def public_key(exchange: Exchange) -> Any:
    """Public key of the signature with an id; NotFound when there is none."""
    id_ = exchange.path["id"]
    remembered = (await exchange.memory.record_ids([SIGNATURE]))[SIGNATURE]
    found = await _chosen(exchange, [key for key, name in remembered.items() if name == id_])
    if not found:
        found = [it for it in await _derived(exchange, id_) if it["id"] not in remembered and it["stage"] == "active"]
    newest = max(found, key=lambda it: (it["createdAt"], decode(it["id"])), default={})
    if "publicKey" not in newest:
        raise NotFound
    return newest["publicKey"]


async def _signature(exchange: Exchange, algorithm: Algorithm, domain: Domain) -> Object:
    """The new object, with a fresh key."""
    selector = exchange.body.get("selector")
    if selector is None:
        selector = f"{datetime.fromtimestamp(exchange.now, UTC):%Y%m}{algorithm.letter}"
    signature = {
        "@type": algorithm.type,
        "domainId": domain.id,
        "selector": selector,
        "privateKey": {"@type": "Text", "secret": await asyncio.to_thread(algorithm.make)},
        "canonicalization": "relaxed/relaxed",
        "report": False,
    }
    # A caller who belongs to the tenant may not name it; what he makes belongs to it anyway.
    return signature | ({"memberTenantId": domain.tenant} if domain.tenant else {})


def _refused(answer: Object, name: str, domain: Domain) -> Exception:
    """Why a signature was not made."""
    error = failures(answer, "created").get(_NEW)
    if error is None:
        return Garbled("the answer does not say whether a signature was created")
    return refusal(error, Request(name, references={domain.id: name}))


async def _free(exchange: Exchange, id_: str, domain: Domain) -> list[str]:
    """Refuse an id under which a signature is shown that is in use, or will be; gives those that were given it and are retired."""
    remembered = (await exchange.memory.record_ids([SIGNATURE]))[SIGNATURE]
    chosen = [key for key, name in remembered.items() if name == id_]
    context, _ = await domains(exchange)
    said = meant(id_, context)
    calls: list[Call] = list(_of_domain(domain, _SHOWN))
    if said is not None and said.domain.id != domain.id:
        calls += [Query(SIGNATURE, (), MOST, filter={"domainId": said.domain.id}), Get(SIGNATURE, Ref(2), _SHOWN)]
    if chosen:
        calls.append(Get(SIGNATURE, chosen, _SHOWN))
    answers = await exchange.caller.request(*calls)
    named: list[Object] = answers.pop()["list"] if chosen else []
    unnamed = [
        it
        for it in answers[-1]["list"]
        if said is not None and it["id"] not in remembered and it["@type"] in _OLD and said.means(it)
    ]
    if any(it["stage"] in _LIVING for it in (*named, *unnamed)):
        raise ManagementError("fieldAlreadyExists", field=f"signature.{id_}.private-key", value="")
    return [it["id"] for it in named]


async def _chosen(exchange: Exchange, ids: Sequence[str]) -> list[Object]:
    """Signatures that were given an id, as far as they still exist."""
    if not ids:
        return []
    (answer,) = await exchange.caller.request(Get(SIGNATURE, ids, _READ))
    found: list[Object] = answer["list"]
    return found


async def _derived(exchange: Exchange, id_: str) -> list[Object]:
    """Signatures that an id means by its form; a domain that is not known is looked for again. Forbidden without the right to see any."""
    if id_.partition("-")[0] not in WORDS.values():
        return []
    context, cached = await domains(exchange)
    said = meant(id_, context)
    if said is None and cached:
        said = meant(id_, (await domains(exchange, fresh=True))[0])
    if said is None:
        if not holds(_RIGHT, (await exchange.caller.account()).permissions):
            raise Forbidden
        return []
    properties = _READ if said.selector is None else (*_READ, "selector")
    _, answer = await exchange.caller.request(*_of_domain(said.domain, properties))
    return [it for it in answer["list"] if said.means(it)]


def _of_domain(domain: Domain, properties: Sequence[str]) -> tuple[Query, Get]:
    """The calls that give the signatures of a domain."""
    return Query(SIGNATURE, (), MOST, filter={"domainId": domain.id}), Get(SIGNATURE, Ref(0), properties)
