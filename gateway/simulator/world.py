"""Everything the simulated server knows: configuration, clock, id generators, objects, blobs.

A room of the simulator (queue, tasks, reports …) has a function `install(world)` that

- registers its object types: `world.add(QueuedMessages(world))`, found later as `world.types["QueuedMessage"]`;
- registers methods without `x:`: `world.methods["Blob/upload"] = Method("urn:ietf:params:jmap:blob", handler)`;
- offers live streams: `world.live["delivery"] = LiveStream("liveDeliveryTest", make_events)`;
- may set `world.inject`, which takes messages from outside;
- listens to what others tell: `world.on("message.accepted", callback)`; whoever makes it happen calls `world.tell("message.accepted", fact)`.

`rooms.py` lists the rooms. Ids are text everywhere (canonical form, `text_ids.canonical`); objects are kept as they go over the wire.
"""

import copy
from collections import Counter, defaultdict
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from gateway.knowledge.ids import EPOCH_MS, encode
from gateway.simulator.blobs.store import BlobStore
from gateway.simulator.callers import Caller
from gateway.simulator.clock import Clock
from gateway.simulator.errors import MethodError, Object
from gateway.simulator.objects.links import Links
from gateway.simulator.strict_json import Parse, value

if TYPE_CHECKING:
    from gateway.simulator.live.streams import LiveStream
    from gateway.simulator.objects.stored import StoredObjects

SNOWFLAKE_NODE = 1


@dataclass(frozen=True, slots=True)
class Method:
    """A method without `x:`: the capability it needs ("" for none), what answers it, and the reader of its arguments.

    `handle(caller, arguments)` gets a dict with references replaced, or any JSON value when `raw`.
    """

    capability: str
    handle: Callable[[Caller, Any], Any]
    parse: Parse[Any] = value
    raw: bool = False


@dataclass(slots=True)
class Config:
    """What a simulated server is started with.

    `edition` is oss, community or enterprise; `admin` is login and secret of the recovery administrator; `start` freezes the clock at a unix instant; `faults` is the first
    fault plan (faults.py); `seed` names a profile of seed.py.
    """

    edition: str = "oss"
    admin: tuple[str, str] = ("admin", "admin")
    host_name: str = "mail.example.org"
    public_url: str = "http://mail.example.org:8080"
    default_domain: str = "lab.test"
    seed: str = "empty"
    start: float | None = None
    faults: list[Object] = field(default_factory=list)


class ObjectType:
    """One `x:` object type.

    Sub-classes answer `get`, `query` and `set` with the arguments of the reply, `accountId` first. What they are given is checked:
    `arguments` holds only known names with values of the right type, `accountId` always (the caller's own unless another was
    allowed), `ids` with result and creation references replaced, None or absent where the client left it out.
    `references` maps creation names of the whole request to ids; `set` adds what it creates. `id_properties` are the properties that
    a result reference may collect.
    """

    name: str = ""
    singleton: bool = False
    methods: frozenset[str] = frozenset({"get", "query", "set"})
    id_properties: frozenset[str] = frozenset({"id", "blobId"})

    def __init__(self, world: "World") -> None:
        self.world = world

    def authorise(self, caller: Caller, method: str, arguments: Object) -> None:
        """Raise MethodError `forbidden` unless the caller may use the method (jmap-management-api 1.4)."""
        prefix = f"sys{self.name}"
        if method in {"get", "query"}:
            if not caller.may(prefix + method.capitalize()):
                raise MethodError("forbidden", "You are not authorized to perform this action")
            return
        granted = {verb: caller.may(prefix + right) for verb, right in self._rights()}
        if not any(granted.values()):
            raise MethodError("forbidden", "You are not authorized to create, update or destroy objects of this type")
        for verb, allowed in granted.items():
            if not allowed and (arguments.get(verb) or "#" + verb in arguments):
                raise MethodError("forbidden", f"You are not authorized to {verb} objects of this type")

    def exists(self, id_: str, variant: str = "") -> bool:
        """Whether there is such an object (of that variant), for references to it."""
        raise NotImplementedError

    def _rights(self) -> tuple[tuple[str, str], ...]:
        return (("create", "Update" if self.singleton else "Create"), ("update", "Update"), ("destroy", "Update" if self.singleton else "Destroy"))

    def get(self, caller: Caller, arguments: Object) -> Object:
        """Arguments of the answer to `/get`."""
        raise NotImplementedError

    def query(self, caller: Caller, arguments: Object) -> Object:
        """Arguments of the answer to `/query`."""
        raise NotImplementedError

    def set(self, caller: Caller, arguments: Object, references: MutableMapping[str, str]) -> Object:
        """Arguments of the answer to `/set`."""
        raise NotImplementedError


def _no_mail(_message: Object) -> Object:
    raise ValueError("this simulator takes no mail")


class World:
    """The state of one simulated server."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.clock = Clock(config.start)
        self.types: dict[str, ObjectType] = {}
        self.methods: dict[str, Method] = {}
        self.live: dict[str, LiveStream] = {}
        self.links = Links()
        self.blobs = BlobStore(self.clock)
        self.counters: Counter[str] = Counter()
        self.space: Counter[str] = Counter()
        self.inject: Callable[[Object], Object] = _no_mail
        self._applied: dict[str, Object] = {}
        self.directories: frozenset[str] = frozenset()
        self._listeners: dict[str, list[Callable[[Any], None]]] = defaultdict(list)
        self._sequences: dict[str, int] = defaultdict(int)
        self._last_snowflake = 0

    @property
    def enterprise(self) -> bool:
        """Whether enterprise features work."""
        return self.config.edition == "enterprise"

    def add(self, object_type: ObjectType) -> None:
        """Register an object type under its name."""
        self.types[object_type.name] = object_type

    def kept(self, name: str) -> "StoredObjects":
        """A type whose objects the engine keeps."""
        return cast("StoredObjects", self.types[name])

    def applied(self, name: str) -> Object:
        """A settings singleton as it is in force: as stored at the last reload."""
        return self._applied.get(name) or self.kept(name).value()

    def take_over(self) -> None:
        """Let all settings singletons take effect as they are stored, and external directories be asked."""
        for name, kept in self.types.items():
            if kept.singleton and hasattr(kept, "value"):
                self._applied[name] = copy.deepcopy(self.kept(name).value())
        self.directories = frozenset(self.kept("Directory").objects)

    def used_space(self, account_id: str) -> int:
        """Bytes of mail in an account."""
        return self.space[account_id]

    def tenant_of(self, domain: str) -> str | None:
        """Tenant of an own domain."""
        owner = self.links.owner("Domain", domain)
        return self.kept("Domain").objects[owner[1]]["memberTenantId"] if owner else None

    def exists(self, target: str, id_: str) -> bool:
        """Whether a reference to `Type` or `Type/variant` leads somewhere."""
        name, _, variant = target.partition("/")
        return name in self.types and self.types[name].exists(id_, variant)

    def on(self, event: str, listener: Callable[[Any], None]) -> None:
        """Call `listener` with the fact whenever `event` is told."""
        self._listeners[event].append(listener)

    def tell(self, event: str, fact: Any) -> None:
        """Let everybody who listens know."""
        for listener in self._listeners[event]:
            listener(fact)

    def snowflake(self) -> str:
        """A new id that grows with time (jmap-management-api 2.1.2): milliseconds, a counter of 12 bits, a node of 9."""
        milliseconds = max(0, int(self.clock.now() * 1000) - EPOCH_MS)
        number = max(milliseconds << 21 | SNOWFLAKE_NODE, self._last_snowflake + (1 << 9))
        self._last_snowflake = number
        return encode(number)

    def sequence(self, kind: str) -> str:
        """The next id of a kind that counts 1, 2, 3 …, never reused."""
        self._sequences[kind] += 1
        return encode(self._sequences[kind])
