"""What an old principal shows that is not in its own object: names of groups, lists and members, counts (mapping-principals 2, 3.2, 3.3).

Use: `Around` is what `shapes` look things up in; `listed(...)` reads it for the rows of a list, `single.py` for one principal.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.jmap.calls import BY_ID, Get, Object, Query
from gateway.knowledge.value_forms import members
from gateway.legacy.exchange import Exchange
from gateway.legacy.principal.candidates import ACCOUNT, LIST
from gateway.legacy.principal.context import Context
from gateway.legacy.principal.facts import API_KEY, Kind
from gateway.legacy.principal.gather import Sought, gather
from gateway.legacy.principal.kept import kept
from gateway.legacy.principal.keys.objects import only_keys, secrets_shown
from gateway.legacy.principal.names import Names
from gateway.legacy.principal.reading import addresses_of

NAMED = ("id", "emailAddress")
RECIPIENTS = ("id", "emailAddress", "recipients")
OWNED = ("id", "emailAddress", "domainId", "memberTenantId")
BY_NAME: Object = {"property": "name", "isAscending": True}

Row = tuple[Kind, Object]
Key = tuple[str, str]

_COUNTED = {"domain", "tenant"}


@dataclass(frozen=True, slots=True)
class Around:
    """Surroundings of some principals.

    `groups` are names of groups by id; `lists` names of lists by recipient in lower case; `members` names of members, or their number,
    by type and id of the object that has them. `slots` and `secrets` are what is remembered of accounts (`exchange.Memory`), `keys` what is shown of
    the secrets of API keys by the account that stands for them.
    """

    context: Context
    names: Names
    groups: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)
    members: Mapping[Key, Sequence[str] | int] = field(default_factory=dict)
    slots: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    keys: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Known:
    """Objects that were read for surroundings, before they have names.

    `groups` and `lists` are objects with `id` and `emailAddress`, lists with `recipients` too. By type and id of what has them, `members`
    are such accounts, `named` further members by name, `counts` numbers of accounts.
    """

    groups: Sequence[Object] = ()
    lists: Sequence[Object] = ()
    members: Mapping[Key, Sequence[Object]] = field(default_factory=dict)
    named: Mapping[Key, Sequence[str]] = field(default_factory=dict)
    counts: Mapping[Key, int] = field(default_factory=dict)


async def surround(exchange: Exchange, context: Context, rows: Sequence[Row], known: Known) -> Around:
    """Surroundings of the rows out of what is known about them, with names in the style of the settings."""
    mail = [it for _, it in rows if "emailAddress" in it]
    shown = [*mail, *known.groups, *known.lists, *(it for accounts in known.members.values() for it in accounts)]
    addresses = [it["emailAddress"] for it in shown]
    addresses += (address for it in mail for address in members(it.get("recipients") or {}))
    names = await Names.of(exchange, context, addresses)
    slots, secrets = await kept(exchange, [it for kind, it in rows if kind.word == "individual"])
    wanted = {address.lower() for it in mail for address in addresses_of(it, context)} if known.lists else ()
    return Around(
        context,
        names,
        groups={it["id"]: names.mail(ACCOUNT, it) for it in known.groups},
        lists=_names_of_lists(known.lists, wanted, names),
        members={
            **{
                key: sorted([*(names.mail(ACCOUNT, it) for it in found), *known.named.get(key, ())])
                for key, found in known.members.items()
            },
            **known.counts,
        },
        slots=slots,
        secrets=secrets,
        keys={it["id"]: await secrets_shown(exchange, it["id"]) for kind, it in rows if kind.word == API_KEY},
    )


class Reader:
    """Reads what the rows of one list have around them, page after page: groups and lists are read once."""

    def __init__(self, exchange: Exchange, context: Context, fields: Collection[str] | None) -> None:
        self._exchange = exchange
        self._context = context
        self._fields = fields
        self._groups: dict[str, Object] = {}
        self._lists: Sequence[Object] | None = None

    async def around(self, rows: Sequence[Row]) -> Around:
        """Surroundings of the rows, in one round trip for 16 calls."""
        accounts = [it for kind, it in rows if kind.object == ACCOUNT and kind.word != API_KEY]
        has = [(kind.object, it["id"]) for kind, it in rows if kind.word == "group"] if self._wants("members") else []
        counted = [(kind.object, it["id"]) for kind, it in rows if kind.word in _COUNTED] if self._wants("members") else []
        groups = {id_ for it in accounts for id_ in members(it.get("memberGroupIds") or {})} if self._wants("memberOf") else set()
        page = self._exchange.settings.get_page
        wanted: list[Get | Sought] = [Sought(members_of_group(id_, page), NAMED) for _, id_ in has]
        missing = sorted(groups - self._groups.keys())
        if missing:
            wanted.append(Get(ACCOUNT, missing, NAMED))
        asks_lists = self._lists is None and self._wants("lists") and bool(accounts)
        if asks_lists:
            wanted.append(Sought(Query(LIST, (BY_ID,), page), RECIPIENTS))
        own = await self._exchange.memory.keys.names() if counted else {}
        standing = sorted(own)
        if standing:
            wanted.insert(len(has), Get(ACCOUNT, standing, OWNED))
        found, totals = await gather(self._exchange, wanted, [count_of(*key) for key in counted])
        if asks_lists:
            self._lists = found.pop()
        if missing:
            self._groups |= {it["id"]: it for it in found.pop()}
        keys = found.pop() if standing else []
        known = Known(
            groups=[self._groups[id_] for id_ in groups if id_ in self._groups],
            lists=self._lists or (),
            members=dict(zip(has, found, strict=True)),
            counts=without_standing(dict(zip(counted, totals, strict=True)), only_keys(keys, own)),
        )
        return await surround(self._exchange, self._context, rows, known)

    def _wants(self, field_: str) -> bool:
        return self._fields is None or field_ in self._fields


def members_of_group(id_: str, page: int) -> Query:
    """The query for the accounts in a group."""
    return Query(ACCOUNT, [BY_NAME], page, filter={"memberGroupIds": id_})


def count_of(type_: str, id_: str) -> Query:
    """The query whose total is the number of accounts of a domain (users and groups) or tenant (users only)."""
    wanted = {"domainId": id_} if type_ == "Domain" else {"@type": "User", "memberTenantId": id_}
    return Query(ACCOUNT, (), 1, filter=wanted)


def without_standing(counts: Mapping[Key, int], accounts: Sequence[Object]) -> dict[Key, int]:
    """Numbers of accounts by domain or tenant, without the accounts that stand for API keys, which were read with `OWNED`."""
    belongs = [key for it in accounts for key in (("Domain", it["domainId"]), ("Tenant", it.get("memberTenantId")))]
    return {key: count - belongs.count(key) for key, count in counts.items()}


def _names_of_lists(lists: Iterable[Object], wanted: Collection[str], names: Names) -> dict[str, list[str]]:
    """Names of lists by recipient, for the recipients that are wanted."""
    found: dict[str, list[str]] = {}
    for it in lists:
        name = names.mail(LIST, it)
        for recipient in members(it["recipients"]):
            if recipient.lower() in wanted:
                found.setdefault(recipient.lower(), []).append(name)
    return found
