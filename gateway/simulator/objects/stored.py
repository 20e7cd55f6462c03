"""A declared object type: /get, /query and /set on objects kept in memory (jmap-management-api 2.3 to 2.7)."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, MutableMapping
from typing import Any

from gateway.knowledge.instants import text_of
from gateway.simulator.callers import Caller
from gateway.simulator.errors import ENTERPRISE_ONLY, Cut, MethodError, Object, SetError
from gateway.simulator.objects import lookup, patches
from gateway.simulator.objects.creations import in_order
from gateway.simulator.objects.index import Index
from gateway.simulator.objects.language import Declaration, Vocabulary
from gateway.simulator.objects.shapes import renumber, validate
from gateway.simulator.objects.tenancy import check_quota
from gateway.simulator.objects.values import Choice, Id, Instant, Integer, Write, wrong
from gateway.simulator.text_ids import SINGLETON, canonical, number_of
from gateway.simulator.world import ObjectType, World

MOST_IN_LIST = 500
OWN_PROPERTIES = {"memberTenantId": "tenant", "accountId": "account"}


class StoredObjects(ObjectType):
    """Objects of one declared type, by id. Sub-classes refine the hooks below `set`."""

    def __init__(self, world: World, declaration: Declaration, vocabulary: Vocabulary) -> None:
        super().__init__(world)
        self.name = declaration.name
        self.declaration = declaration
        self.schema = declaration.schema
        self.known = vocabulary.known
        self.singleton = declaration.ids == SINGLETON
        self.objects: dict[str, Object] = {}
        self.writes = 0
        if self.singleton:
            self.methods = frozenset({"get", "set"})
        properties = [prop for variant in self.schema.variants.values() for prop in variant.values()]
        self.id_properties = frozenset({"id", "blobId"} | {prop.name for prop in properties if isinstance(prop.kind, Id)})
        self.computed = frozenset(prop.name for prop in properties if prop.computed)
        self.filters = {rule.name: self._field(rule.kind, rule.over) for rule in declaration.filters}
        self.index = Index(self.filters)
        self.sorts = self.filters | {name: self._field("keyword", [name]) for name in declaration.sorts}

    def authorise(self, caller: Caller, method: str, arguments: Object) -> None:
        """As for every type; what the caller might do with an enterprise type is then refused on other editions."""
        super().authorise(caller, method, arguments)
        if "enterprise" in self.declaration.marks and not self.world.enterprise:
            raise MethodError("forbidden", ENTERPRISE_ONLY)

    # reading

    def get(self, caller: Caller, arguments: Object) -> Object:
        """Objects by id; without ids the first ones (of a singleton: only after it was written twice).

        A property that only other types have is asked for in vain; a name that no type knows is as if it was not there.
        """
        visible = self.visible(caller, arguments)
        given = arguments.get("ids")
        if given is None:
            ids = sorted(visible, key=number_of)[:MOST_IN_LIST] if not self.singleton or self.writes > 1 else []
            unreadable = []
        else:
            unreadable = [id_ for id_ in given if canonical(id_) is None]
            ids = [known for id_ in given if (known := canonical(id_)) is not None]
        wanted = frozenset(arguments.get("properties") or ()) & self.known
        shown = [self.show(caller, id_, visible[id_], wanted) for id_ in ids if id_ in visible]
        missing = [id_ for id_ in ids if id_ not in visible]
        return {"accountId": arguments["accountId"], "list": shown, "notFound": unreadable + missing}

    def query(self, caller: Caller, arguments: Object) -> Object:
        """Ids of the objects that meet the filter."""
        given = arguments.get("filter")
        own = {name for name, mark in OWN_PROPERTIES.items() if mark in self.declaration.marks and self._restricted(caller, mark)}
        wanted = lookup.conditions(given, self.filters, self.known)
        narrowed, rest = self.index.narrow([condition for condition in wanted if condition.name not in own])
        visible = self.visible(caller, arguments)
        if narrowed is not None:
            visible = {id_: visible[id_] for id_ in narrowed if id_ in visible}
        return lookup.find(visible, arguments, rest, self.sorts)

    def exists(self, id_: str, variant: str = "") -> bool:
        """Whether there is such an object."""
        return id_ in self.objects and (not variant or self.objects[id_].get("@type") == variant)

    def visible(self, caller: Caller, arguments: Object) -> Mapping[str, Object]:
        """The objects that the caller may see."""
        if self.singleton:
            return {SINGLETON: self.value()}
        seen: Mapping[str, Object] = self.objects
        if "tenant" in self.declaration.marks and self._restricted(caller, "tenant"):
            seen = {id_: stored for id_, stored in seen.items() if stored.get("memberTenantId") == caller.tenant_id}
        if "account" in self.declaration.marks and self._restricted(caller, "account"):
            seen = {id_: stored for id_, stored in seen.items() if stored.get("accountId") == arguments["accountId"]}
        return seen

    def value(self) -> Object:
        """The stored singleton, or its defaults."""
        return self.objects.get(SINGLETON) or self.schema.fresh(self.schema.default_variant if not self.schema.plain else None)

    def show(self, caller: Caller, id_: str, stored: Object, wanted: frozenset[str]) -> Object:
        """Wire form of one object with the wanted properties, all when none are named."""
        shown: Object = self.schema.show(stored, wanted)
        for name, mark in OWN_PROPERTIES.items():
            if mark in self.declaration.marks and self._restricted(caller, mark):
                shown.pop(name, None)
        for name in self.computed & wanted if wanted else self.computed:
            shown[name] = self.compute(name, id_, stored)
        if wanted and "@type" not in wanted:
            shown.pop("@type", None)
        return shown | {"id": id_}

    @staticmethod
    def _restricted(caller: Caller, mark: str) -> bool:
        return caller.tenant_id is not None if mark == "tenant" else not caller.may("impersonate")

    # writing

    def set(self, caller: Caller, arguments: Object, references: MutableMapping[str, str]) -> Object:
        """Creates, then updates, then destroys; each object on its own."""
        answer: Object = {"accountId": arguments["accountId"]}
        for name, value in in_order(arguments.get("create") or {}, references):
            with _Outcome(answer, "notCreated", name):
                made = self.create(caller, arguments, value, references)
                references[name] = made["id"]
                answer.setdefault("created", {})[name] = made
        doomed = {canonical(id_) for id_ in arguments.get("destroy") or ()}
        for given, patch in (arguments.get("update") or {}).items():
            id_ = canonical(given)
            if id_ is not None:
                with _Outcome(answer, "notUpdated", id_):
                    if id_ in doomed:
                        raise SetError("willDestroy", "ID will be destroyed.")
                    self.update(caller, arguments, id_, patch, references)
                    answer.setdefault("updated", {})[id_] = None
        for given in arguments.get("destroy") or ():
            id_ = canonical(given)
            if id_ is not None:
                with _Outcome(answer, "notDestroyed", id_):
                    self.destroy(caller, arguments, id_)
                    answer.setdefault("destroyed", []).append(id_)
        return answer

    def create(self, caller: Caller, arguments: Object, value: Any, references: MutableMapping[str, str]) -> Object:
        """Make one object: its entry in `created`, or SetError."""
        write = Write(creating=True, created=references)
        stored = self.schema.parse(value, "", write)
        self._guard_own(caller, value)
        if "tenant" in self.declaration.marks and caller.tenant_id is not None:
            stored["memberTenantId"] = caller.tenant_id
        if "account" in self.declaration.marks:
            stored["accountId"] = arguments["accountId"]
        if "createdAt" in self.schema.properties(stored) and stored["createdAt"] is None:
            stored["createdAt"] = text_of(self.world.clock.seconds())
        id_ = SINGLETON if self.singleton else ""
        stored = self._checked(caller, id_, None, stored)
        if not self.singleton:
            id_ = self.new_id(stored)
        self.save(id_, stored)
        self.written(caller, id_, None, stored)
        return {"id": id_} | self.told(id_, stored)

    def update(self, caller: Caller, arguments: Object, id_: str, patch: Any, references: MutableMapping[str, str]) -> None:
        """Change one object, or SetError."""
        old = self.visible(caller, arguments).get(id_)
        if old is None:
            raise SetError("notFound")
        if not isinstance(patch, dict):
            raise Cut
        stored = patches.apply(self.schema, old, patch, Write(creating=False, created=references))
        self._guard_own(caller, patch)
        stored = self._checked(caller, id_, old, stored)
        self.save(id_, stored)
        self.written(caller, id_, old, stored)

    def destroy(self, caller: Caller, arguments: Object, id_: str) -> None:
        """Remove one object, with what an account owns; or SetError."""
        if self.singleton:
            raise SetError("singleton", "Singletons cannot be created or destroyed.")
        if id_ not in self.visible(caller, arguments):
            raise SetError("notFound")
        links = self.world.links.to((self.name, id_))
        owned = [(name, other) for name, other in links if "account" in self.world.kept(name).declaration.marks] if self.name == "Account" else []
        linked = [named for named in links if named not in owned]
        if linked:
            raise SetError("objectIsLinked", object_id=(self.name, id_), linked=linked)
        for name, other in owned:
            self.world.kept(name).remove(other)
        old = self.remove(id_)
        self.written(caller, id_, old, None)

    def save(self, id_: str, stored: Object) -> None:
        """Keep the object as it is, without any check."""
        self.objects[id_] = stored
        self.index.put(id_, stored)
        self.writes += 1
        self.world.links.store((self.name, id_), self.schema.links(stored), self.keys(stored))

    def remove(self, id_: str) -> Object:
        """Forget the object, without any check."""
        self.world.links.forget((self.name, id_))
        self.index.drop(id_)
        return self.objects.pop(id_)

    def _checked(self, caller: Caller, id_: str, old: Object | None, stored: Object) -> Object:
        """The object, refined and numbered, after stages 2 to 5 of the checks (jmap-management-api 2.7)."""
        self.refine(caller, id_, old, stored)
        if old is None and self.world.enterprise and stored.get("memberTenantId") is not None:
            tenant = self.world.kept("Tenant").objects.get(stored["memberTenantId"])
            if tenant is not None:
                check_quota(tenant, self.name, stored, self.objects)
        stored = renumber(self.schema, stored)
        validate(self.schema.errors(stored))
        links, named = self.world.links, (self.name, id_)
        targets = list(self.schema.links(stored))
        links.check(named, targets, (), self.world.exists)
        tenant = stored.get("memberTenantId")
        if tenant is not None:
            links.check(named, targets, (), lambda target, other: self._shares(tenant, target, other))
        links.check(named, (), self.keys(stored), self.world.exists)
        return stored

    def _shares(self, tenant: str, target: str, id_: str) -> bool:
        """Whether an object of a tenant may refer to another one: that of the same tenant, or of a type that tenants do not have."""
        other = self.world.types[target.split("/", maxsplit=1)[0]]
        return not isinstance(other, StoredObjects) or other.tenant_of(id_) in {None, tenant}

    def tenant_of(self, id_: str) -> str | None:
        """Tenant of an object, "" when it might have one and has none, None for types that have none."""
        return self.objects[id_]["memberTenantId"] or "" if "tenant" in self.declaration.marks else None

    def _guard_own(self, caller: Caller, given: Object) -> None:
        for name, mark in OWN_PROPERTIES.items():
            if name in given and mark in self.declaration.marks and self._restricted(caller, mark):
                raise wrong(name, f"Cannot modify {name} property")

    # hooks

    def compute(self, name: str, id_: str, stored: Object) -> Any:
        """Value of a property that is not stored."""
        raise NotImplementedError

    def refine(self, caller: Caller, id_: str, old: Object | None, stored: Object) -> None:
        """Object-specific checks and changes before an object is stored; `old` is None for a create."""

    def keys(self, stored: Object) -> Iterable[tuple[str, Hashable, str]]:
        """Unique keys of an object: (scope, key, property that is reported)."""
        for rule in self.declaration.unique:
            found = tuple(stored.get(name) for name in rule.names)
            if None not in found:
                yield rule.scope, found, rule.names[0]

    def new_id(self, _stored: Object) -> str:
        """Id of a new object."""
        return self.world.sequence(self.name) if self.declaration.ids == "sequence" else self.world.snowflake()

    def told(self, _id: str, _stored: Object) -> Object:
        """What `created` says besides the id."""
        return {}

    def written(self, caller: Caller, id_: str, old: Object | None, new: Object | None) -> None:
        """Something was created (no `old`), changed or destroyed (no `new`)."""

    def _field(self, kind: str, over: list[str]) -> lookup.Field:
        paths = [path.split("/") for path in over]
        props = [variant[over[0]] for variant in self.schema.variants.values() if over[0] in variant]
        order: tuple[str, ...] = ()
        if over == ["@type"]:
            kind, order = "enum", tuple(name for name in self.schema.variants if name)
        elif kind == "keyword" and props:
            found = props[0].kind
            if isinstance(found, Choice):
                order = found.values
            kind = {Id: "id", Instant: "instant", Integer: "number", Choice: "enum"}.get(type(found), kind)
        return lookup.Field(kind, lambda _id, stored: (value for path in paths for value in _values(stored, path)), order)


class _Outcome:
    """Catches a SetError and writes it into the answer."""

    def __init__(self, answer: Object, member: str, name: str) -> None:
        self.answer, self.member, self.name = answer, member, name

    def __enter__(self) -> None:
        pass

    def __exit__(self, _type: object, error: BaseException | None, _trace: object) -> bool:
        if isinstance(error, SetError):
            self.answer.setdefault(self.member, {})[self.name] = error.wire()
            return True
        return False


def _values(stored: Any, path: list[str]) -> Iterator[Any]:
    """What stands at a path; `*` goes into every item of a list, a set gives its members."""
    if stored is None:
        return
    if not path:
        yield from stored if isinstance(stored, dict) else (stored,)
    elif path[0] == "*":
        for item in stored.values():
            yield from _values(item, path[1:])
    else:
        yield from _values(stored.get(path[0]), path[1:])


