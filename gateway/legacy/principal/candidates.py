"""What a name may mean (mapping-principals 1.5).

Use: `Pool` holds what was read; `pool.exact(name)` and `pool.loose(name)` are candidates, `ambiguous(name, candidates)` the refusal.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.jmap.calls import Object
from gateway.legacy.principal.context import Context
from gateway.legacy.principal.facts import API_KEY, BUILT_IN_ROLES, KINDS, Kind, kind_of
from gateway.legacy.refusals import Other
from gateway.state import OldName

ACCOUNT = "Account"
LIST = "MailingList"
CLIENT = "OAuthClient"

_PREFIXES = {"role": "role", "tenant": "tenant", "oauthClient": "oauthclient"}
_ID_PREFIXES = {"role": "roleid", "tenant": "tenantid"}
_TYPED = frozenset({*_PREFIXES.values(), *_ID_PREFIXES.values(), "apikey"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that a name may mean.

    `name` is its full form: the address, or the name of a domain, role, tenant or client. `object` is what was read of it
    (`facts.PROPERTIES`), None for domains, roles and tenants, which only the context knows.
    """

    kind: Kind
    id: str
    name: str
    object: Object | None = None


@dataclass(slots=True)
class Pool:
    """Objects by id, and the names that are remembered for some of them; `keys` are the API keys by the account that stands for them."""

    accounts: dict[str, Object] = field(default_factory=dict)
    lists: dict[str, Object] = field(default_factory=dict)
    clients: dict[str, Object] = field(default_factory=dict)
    old_names: Sequence[OldName] = ()
    keys: Mapping[str, OldName] = field(default_factory=dict)
    _found: dict[str, list[Candidate]] = field(default_factory=dict, init=False, repr=False)
    _counted: tuple[int, int] = field(default=(0, 0), init=False, repr=False)
    _called: dict[str, list[OldName]] | None = field(default=None, init=False, repr=False)

    def add(self, type_: str, objects: Iterable[Object]) -> None:
        """Take objects in that were read with `facts.PROPERTIES`."""
        self._of(type_).update((it["id"], it) for it in objects)
        self._counted = (-1, -1)

    def remembered(self, name: str) -> list[Candidate]:
        """Accounts and lists that a client called so, and that have not been renamed elsewhere since."""
        if self._called is None:
            self._called = {}
            for old in self.old_names:
                self._called.setdefault(old.name, []).append(old)
        found = []
        for old in self._called.get(name, ()):
            object_ = self._of(old.type).get(old.id)
            if object_ is not None and object_["emailAddress"] == old.address:
                found.append(_mail(old.type, object_))
        return [it for it in found if it.id not in self.keys or it.kind.object != ACCOUNT]

    def stale(self) -> tuple[list[OldName], list[OldName]]:
        """What has another address than it had when its name was remembered, and what was not found at all."""
        found = [(old, self._of(old.type).get(old.id)) for old in self.old_names]
        moved = [old for old, object_ in found if object_ is not None and object_["emailAddress"] != old.address]
        return moved, [old for old, object_ in found if object_ is None]

    def exact(self, name: str, context: Context) -> list[Candidate]:
        """Candidates with exactly this name; aliases of accounts are no names."""
        typed = self._typed(name, context)
        if typed is not None:
            return typed
        domain = context.domain_names.get(name)
        return [
            *([Candidate(KINDS["domain"], domain.id, domain.name)] if domain else ()),
            *_roles(context, name),
            *_tenants(context, name),
            *self._clients(name),
            *(it for it in self._mail(name) if it.name == name and ("@" in name or it.kind.word == API_KEY)),
        ]

    def loose(self, name: str, context: Context) -> list[Candidate]:
        """Candidates with nearly this name: accounts and lists with this local part, only those of the default domain if there are any.

        Without any, roles and tenants whose name has capitals that old clients cannot write; but the built-in roles are no principals.
        """
        if "@" in name or is_typed(name):
            return []
        found = [it for it in self._mail(name) if it.kind.word != API_KEY and _part(it, "name") == name]
        if found:
            return [it for it in found if _part(it, "domainId") == context.default_domain] or found
        if name in BUILT_IN_ROLES:
            return []
        return [
            *(it for other in context.role_names if other != name and other.lower() == name for it in _roles(context, other)),
            *(it for other in context.tenant_names if other != name and other.lower() == name for it in _tenants(context, other)),
        ]

    def _typed(self, name: str, context: Context) -> list[Candidate] | None:
        """Candidates of a name with a type in front, None for any other name."""
        if not is_typed(name):
            return None
        prefix, _, rest = name.partition(":")
        found: dict[str, list[Candidate]] = {
            "role": _roles(context, rest),
            "roleid": [Candidate(KINDS["role"], it.id, it.name) for it in (context.roles.get(rest),) if it],
            "tenant": _tenants(context, rest),
            "tenantid": [Candidate(KINDS["tenant"], it.id, it.name) for it in (context.tenants.get(rest),) if it],
            "oauthclient": self._clients(rest),
        }
        return found.get(prefix, [])

    def _mail(self, name: str) -> Sequence[Candidate]:
        """Accounts and lists with this own address or local part; requests may have thousands of names, so they are not searched for one by one."""
        count = len(self.accounts), len(self.lists)
        if self._counted != count:
            self._counted, self._found = count, {}
            for type_ in (ACCOUNT, LIST):
                for it in self._of(type_).values():
                    key = self.keys.get(it["id"]) if type_ == ACCOUNT else None
                    if key is not None and stands_for(it, key):
                        self._found.setdefault(key.name, []).append(Candidate(KINDS[API_KEY], it["id"], key.name, it))
                        continue
                    candidate = _mail(type_, it)
                    for text in {candidate.name, _part(candidate, "name") or ""}:
                        self._found.setdefault(text, []).append(candidate)
        return self._found.get(name, ())

    def _clients(self, name: str) -> list[Candidate]:
        kind = KINDS["oauthClient"]
        return [Candidate(kind, it["id"], name, it) for it in self.clients.values() if it["clientId"] == name]

    def _of(self, type_: str) -> dict[str, Object]:
        return {ACCOUNT: self.accounts, LIST: self.lists, CLIENT: self.clients}[type_]


def stands_for(account: Object, key: OldName) -> bool:
    """Whether an account is still the one that stands for an API key; with another address it was made anew, or renamed, elsewhere."""
    return bool(account["emailAddress"] == key.address)


def is_typed(name: str) -> bool:
    """Whether a name says of which type it is: `role:helpdesk`, `tenantid:b`, `apikey:c:b`."""
    prefix, colon, _ = name.partition(":")
    return bool(colon) and prefix in _TYPED


def distinct(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The candidates, each object once."""
    return list({(it.kind.object, it.id): it for it in candidates}.values())


def ambiguous(name: str, candidates: Sequence[Candidate]) -> Other:
    """Refusal of a name that means several things; it names them all in a form that means one thing each."""
    known = Counter(_told(it) for it in candidates)
    told = sorted(_told(it) if known[_told(it)] == 1 else f"{_ID_PREFIXES.get(it.kind.word, it.kind.word)}:{it.id}" for it in candidates)
    return Other("Ambiguous principal name", f'"{name}" matches: {", ".join(told)}')


def _told(candidate: Candidate) -> str:
    prefix = _PREFIXES.get(candidate.kind.word)
    return f"{prefix}:{candidate.name}" if prefix else candidate.name


def _part(candidate: Candidate, name: str) -> str | None:
    part: str | None = (candidate.object or {}).get(name)
    return part


def _mail(type_: str, object_: Object) -> Candidate:
    return Candidate(kind_of(type_, object_), object_["id"], object_["emailAddress"], object_)


def _roles(context: Context, name: str) -> list[Candidate]:
    return [Candidate(KINDS["role"], it.id, name) for it in context.role_names.get(name, ())]


def _tenants(context: Context, name: str) -> list[Candidate]:
    return [Candidate(KINDS["tenant"], it.id, name) for it in context.tenant_names.get(name, ())]
