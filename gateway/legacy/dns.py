"""Records that a domain should publish (legacy-rest-api 2.5, mapping-principals 6.6)."""

from typing import Any

from gateway.jmap.calls import Get
from gateway.knowledge.zone_file import records
from gateway.legacy.domains import domain_named
from gateway.legacy.exchange import Exchange
from gateway.legacy.refusals import ItemNotFound
from gateway.legacy.table import route
from gateway.legacy.vocabulary import does


async def zone_records(exchange: Exchange) -> Any:
    """Records of a domain in the order of the new server; ItemNotFound for a domain that it does not have."""
    name = exchange.path["domain"]
    domain = await domain_named(exchange, name)
    if domain is None:
        raise ItemNotFound(name)
    (answer,) = await exchange.caller.request(Get("Domain", [domain.id], ("id", "name", "dnsZoneFile")))
    if not answer["list"]:
        raise ItemNotFound(name)
    return records(answer["list"][0]["dnsZoneFile"])


ROUTES = (route("getDnsRecords", does(zone_records, "x:Domain/get")),)
