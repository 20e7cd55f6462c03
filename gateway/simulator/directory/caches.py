"""What the server remembers of logins and domain names until its caches are thrown away (recording `directory.names-and-data.names`).

A name of a domain is remembered when it is first looked up by its main name, all aliases of that moment with it; an alias alone is never
looked up. A login is remembered by its Authorization header, and holds while the credential is the same. Rights of an account are
remembered as they are at a login; a credential that was over by then is refused in another way (recording `oauth.creds.expiring`).
"""

from gateway.simulator.errors import Object
from gateway.simulator.world import World

MOST_LOGINS = 10_000


class Caches:
    """Domain names, accepted credentials and rights; `caches.invalidated` empties all."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._domains: dict[str, str] = {}
        self._logins: dict[str, tuple[str, str, str]] = {}
        self._over: dict[str, frozenset[str]] = {}
        world.on("caches.invalidated", lambda _: self._clear())

    def domain(self, host: str) -> str | None:
        """Id of the domain with this name or alias."""
        known = self._world.kept("Domain").objects
        if self._domains.get(host) not in known:
            self._domains.pop(host, None)
            owner = self._world.links.owner("Domain", host)
            if owner is None:
                return None
            self._domains |= dict.fromkeys((host, *known[owner[1]]["aliases"]), owner[1])
        return self._domains[host]

    def forget_domain(self, name: str) -> None:
        """A new domain has this name."""
        self._domains.pop(name, None)

    def remember(self, header: str, account_id: str, credential: Object) -> None:
        """The header was accepted for this credential of this account."""
        if len(self._logins) >= MOST_LOGINS:
            self._logins.clear()
        self._logins[header] = (account_id, credential["credentialId"], credential["secret"])

    def login(self, header: str) -> tuple[str, Object] | None:
        """Account id and credential of a header that was accepted before, if the credential did not change since."""
        account_id, credential_id, secret = self._logins.get(header, ("", "", ""))
        held = self._world.kept("Account").objects.get(account_id, {}).get("credentials", {}).values()
        for item in held:
            if item["credentialId"] == credential_id and item["secret"] == secret:
                return account_id, item
        return None

    def is_stale(self, account_id: str, credential: Object, *, over: bool) -> bool:
        """Whether the credential was over already when the rights of its account were remembered; if not yet done, they are now."""
        if account_id not in self._over:
            self._over[account_id] = frozenset({credential["credentialId"]} if over else ())
        return over and credential["credentialId"] in self._over[account_id]

    def forget_rights(self, account_id: str) -> None:
        """The account was changed."""
        self._over.pop(account_id, None)

    def _clear(self) -> None:
        self._over.clear()
        self._domains.clear()
        self._logins.clear()
