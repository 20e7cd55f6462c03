"""Who a request comes from, and what one client address may do at once and in a row (design 12.4)."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from aiohttp.web import BaseRequest

from gateway.settings import Settings
from gateway.web.errors import TooManyLogins, TooManyRequests

REMEMBERED_ADDRESSES = 16_384

_Network = IPv4Network | IPv6Network


@dataclass(slots=True)
class _Refusals:
    """How often an address was refused, and until when that counts."""

    until: float
    count: int = 1


class _Counts:
    """What every address has under way."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._under_way: dict[str, int] = {}

    @contextmanager
    def one(self, address: str) -> Iterator[None]:
        count = self._under_way.get(address, 0)
        if count >= self._most:
            raise TooManyRequests
        self._under_way[address] = count + 1
        try:
            yield
        finally:
            left = self._under_way[address] - 1
            if left:
                self._under_way[address] = left
            else:
                del self._under_way[address]


class Clients:
    """Client addresses: found behind trusted proxies, bounded in requests under way and in refused logins."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._trusted: tuple[_Network, ...] = tuple(ip_network(network, strict=False) for network in settings.trusted_proxies)
        self._requests = _Counts(settings.limits.client_requests)
        self._streams = _Counts(settings.limits.client_streams)
        self._most_logins = settings.limits.logins
        self._seconds = settings.limits.login_seconds
        self._clock = clock
        self._refused: dict[str, _Refusals] = {}

    def address(self, request: BaseRequest) -> str:
        """Address of the client: the peer, or what trusted proxies say about who is behind them."""
        peer = request.remote or ""
        if not self._trusted or not self._is_proxy(peer):
            return peer
        nearest = peer
        for element in reversed(",".join(request.headers.getall("X-Forwarded-For", ())).split(",")):
            address = _canonical(element.strip())
            if address is None:
                return nearest
            if not self._is_proxy(address):
                return address
            nearest = address
        return nearest

    def request(self, address: str) -> AbstractContextManager[None]:
        """Count a request of this address while it is under way; TooManyRequests beyond the limit."""
        return self._requests.one(address)

    @contextmanager
    def passed_through(self, address: str) -> Iterator[None]:
        """The same for a passed-through request or stream, which is also one of the fewer that may keep a connection for themselves."""
        with self._requests.one(address), self._streams.one(address):
            yield

    def may_log_in(self, address: str) -> None:
        """TooManyLogins when credentials from this address were refused too often."""
        refused = self._refused.get(address)
        if refused is None or refused.count < self._most_logins:
            return
        if self._clock() < refused.until:
            raise TooManyLogins
        del self._refused[address]

    def login_refused(self, address: str) -> None:
        """Remember that a credential from this address was refused; loopback is exempt (legacy-rest-api 1.5.5)."""
        if is_loopback(address):
            return
        now = self._clock()
        refused = self._refused.get(address)
        if refused is None or now >= refused.until:
            # The time runs from the first refusal, so that nobody is shut out for good.
            self._refused.pop(address, None)
            self._refused[address] = _Refusals(now + self._seconds)
            if len(self._refused) > REMEMBERED_ADDRESSES:
                del self._refused[next(iter(self._refused))]
        else:
            refused.count += 1

    def _is_proxy(self, address: str) -> bool:
        parsed = _parsed(address)
        return parsed is not None and any(parsed in network for network in self._trusted)


@lru_cache(maxsize=1024)
def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _canonical(text: str) -> str | None:
    parsed = _parsed(text)
    return None if parsed is None else str(parsed)


def is_loopback(address: str) -> bool:
    """Whether an address is the machine's own."""
    parsed = _parsed(address)
    return parsed is not None and parsed.is_loopback
