"""One old request as a row sees it, and what a row may answer."""

from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Coroutine,
    Hashable,
    Mapping,
    Sequence,
)
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from gateway.jmap.calls import Call, Object
from gateway.jmap.errors import MethodError
from gateway.jmap.event_texts import EventText
from gateway.jmap.events import Event
from gateway.jmap.session import Account, Session
from gateway.jmap.streams import Download
from gateway.legacy.refusals import Refusal
from gateway.settings import Settings
from gateway.state import Keys, OldName, OwnSettings


class Caller(Protocol):
    """The new server as seen with the credentials of one caller; implemented by `jmap.client`."""

    async def request(self, *calls: Call) -> list[Object]:
        """Send one batch and give the arguments of each answer in order; the first method error is raised (`jmap.errors`)."""

    async def attempt(self, *calls: Call) -> list[Object | MethodError]:
        """The same, with the method error of a call in the place of its answer: for calls that can do without each other."""

    async def account(self) -> Account:
        """Rights, edition and locale of the caller, remembered for some seconds."""

    async def session(self) -> Session:
        """Own account id, limits and paths of the caller, remembered likewise."""

    async def text(self, path: str) -> str:
        """The text of a plain answer to GET, a token for example; HttpRefusal for another status than 200."""

    def events(self, path: str, *, anonymous: bool = False) -> AbstractAsyncContextManager[AsyncGenerator[list[Event], None]]:
        """A live stream of a raw path and query, while it is open; `anonymous` when the query holds a token, which stands for a credential."""

    def download(self, blob_id: str) -> AbstractAsyncContextManager[Download]:
        """A content while it comes in; HttpRefusal 404 when it is not there, or not for the caller."""

    async def upload(self, pieces: AsyncIterator[bytes], type_: str, length: int | None) -> str:
        """Store a content of a media type in the caller's own account while it comes in, and give its `blobId`."""

    def recall(self, kind: str) -> Any | None:
        """What was kept under this credential a moment ago (seconds), None when there is nothing."""

    def edition(self, kind: str) -> int:
        """To be taken before the calls whose result is going to be kept."""

    def keep(self, kind: str, value: Any, edition: int, seconds: float | None = None) -> None:
        """Remember a value for this credential for some seconds, or so many, unless its kind was dropped since `edition`."""

    async def look_again(self) -> None:
        """Learn anew what the settings of the new server say for everybody, after they took effect; never fails."""

    def drop(self, kind: str) -> None:
        """Forget a kind under every credential, after a change."""

    async def log_in(self, given: Mapping[str, Any]) -> Object:
        """The answer to a login with name and secret in the body (jmap-management-api 4.1), whose `type` is a text; HttpRefusal for another status than 200."""

    def secrets_changed(self) -> None:
        """Forget what is kept under credentials of this account, whose secrets were changed."""

    async def event_texts(self) -> Mapping[str, EventText]:
        """What the new server calls its events, by name; empty while it cannot be told."""


class Body(Protocol):
    """The body of a raw request, which comes in while it is worked on; it can be read once."""

    announced: int | None
    """Its length, when the client gave it."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The pieces; raises what answers the request when no further one comes in time, or at all."""


class Flags(Protocol):
    """Remembered switches; implemented by `state`."""

    async def queue_running(self) -> bool:
        """Whether the queue was last seen running; True when nothing is remembered."""

    async def set_queue_running(self, *, running: bool) -> None:
        """Remember the state of the queue."""


class Memory(Protocol):
    """What the new server cannot remember of principals and settings; implemented by `state`. Without memory everything is absent.

    Only `own` and `keys` live nowhere else, and tell when they cannot be read or written; the rest costs no more than the memory then.
    """

    own: OwnSettings
    """Settings keys that only clients know (decision 18)."""

    keys: Keys
    """API keys whose secret a client chose (decision 21)."""

    async def at_addresses(self, addresses: Collection[str]) -> Mapping[str, OldName]:
        """Old names by own address, for those of the addresses that have one."""

    async def called(self, names: Collection[str]) -> Sequence[OldName]:
        """Everything that is remembered under one of the names; several objects may share one."""

    async def login(self, name: str) -> str | None:
        """Own address of the one account that is remembered under a name that is no address; None when there are none or several."""

    async def remember(self, old: OldName) -> None:
        """Remember the name of an object, in place of what was remembered of it before; nothing when it is just the address."""

    async def drop(self, stale: Collection[OldName]) -> None:
        """Forget names that were remembered before the new server was asked, and that do not hold there; not what was remembered since."""

    async def forget(self, type_: str, ids: Collection[str]) -> None:
        """Forget names, slots and secrets of objects that were destroyed or are not what they were."""

    async def app_slots(self, accounts: Collection[str]) -> Mapping[str, str]:
        """By account id, the name (text between `$app$` and the next `$`) of the app password that occupies the password slot."""

    async def set_app_slot(self, account: str, name: str | None) -> None:
        """Remember which app password occupies the slot of an account; None: none does."""

    async def secrets(self, accounts: Collection[str]) -> Mapping[str, Mapping[str, str]]:
        """By account id, the strings that clients wrote, by credential id or `otp`; nothing unless `secrets_memory=hashes`."""

    async def set_secrets(self, account: str, strings: Mapping[str, str]) -> None:
        """Remember the strings of an account in place of those before; nothing is kept unless `secrets_memory=hashes`."""

    async def record_ids(self, types: Collection[str]) -> Mapping[str, Mapping[str, str]]:
        """By type and JMAP id, the old record ids that do not follow from the object itself (mapping-settings 4.3)."""

    async def remember_records(self, type_: str, ids: Mapping[str, str]) -> None:
        """Remember old record ids of one type by JMAP id, after objects were created."""

    async def forget_records(self, type_: str, ids: Mapping[str, str]) -> None:
        """Forget old record ids that were remembered before the new server was asked, and whose objects are gone; not what was remembered since."""


class Locks(Protocol):
    """One lock per object that is read and then written."""

    def moment(self) -> int:
        """The present, taken before something is read that a lock is then wanted for."""

    def __call__(self, *keys: Hashable, since: int | None = None) -> AbstractAsyncContextManager[bool]:
        """Hold the locks of all keys, for example `("Account", "f")` for an object and `("create", "Role")` for the creates of a type.

        Gives true when somebody else has held one of them since a `moment`, by default since now: what was read before is old.
        """


@dataclass(frozen=True, slots=True, repr=False)
class Login:
    """Name and secret of a Basic credential as the new server knows them, and the code of a second factor that came behind the secret."""

    name: str
    secret: str
    code: str = ""


def _nobody() -> None:
    """No login, and no service account."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """An old request after routing and validation.

    `path` holds decoded path elements by the name in `openapi.yaml`; `query` what is left after the old rules (legacy-rest-api 1.9);
    `body` the JSON value or None, for raw bodies a `Body`; `now` unix seconds. `background` takes over work that goes on after the answer; whoever owns it keeps
    the task, logs its failure and waits for it when the gateway stops. `objection` is what the contract has against the request, for rows
    that decide themselves when to say so (`table.Action.order`), else None. `login` gives name and secret of the caller, None when he came with a
    token; `service` gives the new server as seen by the service account, None where there is none. `update_webadmin` reads the bundle of the old
    WebAdmin again, or raises InternalError and leaves the former one; None where none is served.
    """

    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    now: int
    settings: Settings
    caller: Caller
    flags: Flags
    memory: Memory
    locks: Locks
    background: Callable[[Coroutine[Any, Any, None]], None]
    objection: Refusal | None = None
    login: Callable[[], Login | None] = _nobody
    service: Callable[[], Caller | None] = _nobody
    update_webadmin: Callable[[], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A long list, written page by page as `{"data": {"items": [...], "total": n, **extra}}`, without a total as `{"data": [...]}`.

    The first page is asked for before the head of the reply is sent, so that its failure still has a status of its own.
    """

    total: int | None
    pages: AsyncIterator[list[Any]]
    extra: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Flow:
    """A reply that is written while it comes in, 200 with this content type and these headers, outside the envelope (legacy-rest-api 1.3).

    `source` is entered before the head is sent, so that its failure still has a status of its own, and left when everything was written, the
    client went or stopped reading, or the gateway stops, which does not wait for a `live` one. `length` in bytes, where it is known.
    """

    source: AbstractAsyncContextManager[AsyncGenerator[bytes, None]]
    type: str
    headers: Mapping[str, str]
    length: int | None = None
    live: bool = False


Answer = Any | Listing | Flow
