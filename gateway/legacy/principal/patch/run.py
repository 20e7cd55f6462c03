"""From the steps of a PATCH to a plan that is written (mapping-principals 3.5).

The order of refusals is the old server's: an unknown name, a missing right, a malformed body, then the steps in their order. Nothing is
written before all steps are judged.
"""

from collections.abc import Sequence

from gateway.jmap.calls import Get
from gateway.jmap.errors import MethodError
from gateway.legacy.exchange import Exchange
from gateway.legacy.principal.candidates import Candidate
from gateway.legacy.principal.context import sound
from gateway.legacy.principal.facts import MAIL_KINDS, PROPERTIES
from gateway.legacy.principal.held import held
from gateway.legacy.principal.keys import elsewhere
from gateway.legacy.principal.lookup import Lookup, look_up
from gateway.legacy.principal.patch.folds import fold_for, key_of
from gateway.legacy.principal.patch.membership import Groups, Lists
from gateway.legacy.principal.patch.plan import Fold, Plan, Subject
from gateway.legacy.principal.patch.write import Vanished, write
from gateway.legacy.principal.rights import insist as insist_on_right
from gateway.legacy.principal.rights import insist_tenants
from gateway.legacy.principal.values.actions import Step, insist, parse, possible
from gateway.legacy.refusals import ItemNotFound, ManagementError, Other, Refusal
from gateway.state import OldName

LARGEST = 100_000

_READ_FOR = frozenset({"roles", "enabledPermissions", "disabledPermissions", "quota"})
_NAMING = frozenset({"memberOf", "lists", "members"})
_DOUBTFUL = frozenset({"notFound", "fieldAlreadyExists"})
_MEMBERSHIPS = ("memberOf", "lists", "roles")


async def patch_principal(exchange: Exchange) -> None:
    """Change the principal that the path names, as all steps of the body say or not at all.

    Two round trips, fewer when nothing changes; one more each for names of present members and groups, and for changes of other objects.
    """
    name = exchange.path["name"]
    malformed, steps = _steps(exchange)
    if name.startswith(elsewhere.PREFIX):
        key = await elsewhere.named(exchange, name, "update")
        if key.foreign is not None:
            if malformed is not None:
                raise malformed
            await elsewhere.describe(exchange, key.foreign, name, steps)
            return
        name = key.name
    # Changes under one name come one after the other from the first look on, which spares them the second.
    async with exchange.locks(("name", name)):
        try:
            await _patch(exchange, name, malformed, steps)
        except Vanished:
            # What was to be changed has moved since it was read: once more, with what is there now.
            try:
                await _patch(exchange, name, malformed, steps)
            except Vanished as vanished:
                raise Other("Invalid parameter", vanished.description) from None


def _steps(exchange: Exchange) -> tuple[Refusal | None, list[Step]]:
    """What is wrong with the body, or its steps."""
    if exchange.objection is not None:
        return exchange.objection, []
    try:
        return None, parse(exchange.body)
    except Refusal as refusal:
        return refusal, []


async def _patch(exchange: Exchange, name: str, malformed: Refusal | None, steps: Sequence[Step]) -> None:
    async def find() -> tuple[Lookup, Candidate]:
        found = await look_up(exchange, name, others=_named(steps))
        return found, await found.target(strict=True)

    async with held(exchange, find) as (found, target):
        await _change(found, target, malformed, steps)


async def _change(found: Lookup, target: Candidate, malformed: Refusal | None, steps: Sequence[Step]) -> None:
    """Judge and carry out; whoever is refused or changes nothing must have the right all the same."""
    exchange = found.exchange
    try:
        if target.kind.word == "tenant":
            await insist_tenants(exchange)
        if malformed is not None:
            raise malformed
        subject, plan = await _judged(exchange, found, target, steps)
    except Refusal:
        await insist_on_right(exchange, target.kind.word, "update")
        raise
    if not await _carry_out(subject, plan):
        await insist_on_right(exchange, target.kind.word, "update")


async def _judged(exchange: Exchange, found: Lookup, target: Candidate, steps: Sequence[Step]) -> tuple[Subject, Plan]:
    """The target and what the steps come to, judged again where a refusal rests on what was known of domains and roles a moment ago."""
    try:
        subject = await _subject(exchange, found, target, steps)
        return subject, await _plan(subject)
    except ManagementError as refusal:
        if not found.cached or refusal.body["error"] not in _DOUBTFUL:
            raise
    await found.refresh()
    subject = await _subject(exchange, found, target, steps)
    return subject, await _plan(subject)


def _named(steps: Sequence[Step]) -> list[str]:
    """Names in the steps that are to be looked up together with the target's; not those of steps that are refused in any case."""
    judged = filter(possible, steps)
    wanted = [name for step in judged for name in step.items if step.field in _NAMING and (step.action != "removeItem" or step.field != "memberOf")]
    return [name for name in dict.fromkeys(wanted) if name]


async def _subject(exchange: Exchange, found: Lookup, target: Candidate, steps: Sequence[Step]) -> Subject:
    """The target with what has to be known of it."""
    object_, type_, old = target.object, target.kind.object, None
    if object_ is None and target.kind.word != "domain" and any(step.field in _READ_FOR for step in steps):
        (answer,) = await exchange.caller.attempt(Get(type_, [target.id], PROPERTIES[type_]))
        object_ = next(iter(sound(answer)["list"]), None)
        if object_ is None:
            raise ItemNotFound(found.name)
    if object_ is not None and target.kind.word in MAIL_KINDS:
        old = await _old_name(exchange, type_, target.id, object_["emailAddress"])
    return Subject(exchange, found, target.kind, target.id, object_ or {}, old, steps)


async def _old_name(exchange: Exchange, type_: str, id_: str, address: str) -> OldName | None:
    """What clients called an account or list, None where that is not shown."""
    if exchange.settings.name_style == "full":
        return None
    old = (await exchange.memory.at_addresses({address})).get(address)
    return old if old is not None and (old.type, old.id) == (type_, id_) else None


async def _plan(subject: Subject) -> Plan:
    """What all steps come to."""
    folds: dict[str, Fold] = {}
    plan = Plan()
    for step in subject.steps:
        insist(step, subject.kind)
        for one in _meant(subject, step):
            key = key_of(one.field, subject.kind)
            if key not in folds:
                folds[key] = await fold_for(one.field, subject)
                await _prepare(subject, folds[key])
            await folds[key].take(one)
    if sum(len(text.encode()) for step in subject.steps for text in step.items) > LARGEST:
        raise Other("Invalid parameter", "Principal object size exceeds 100kb safety limit.")
    # Lists come last: they name the own address, which others may change.
    for fold in sorted(folds.values(), key=lambda it: isinstance(it, Lists)):
        await fold.finish(plan)
    return plan


def _meant(subject: Subject, step: Step) -> list[Step]:
    """The step, and where the settings say so the old server's side effect: a new list of memberships replaces those of all fields."""
    if step.action != "set" or step.field not in _MEMBERSHIPS or subject.exchange.settings.membership_set == "field":
        return [step]
    others = [it for it in _MEMBERSHIPS if it != step.field and it in subject.kind.fields]
    return [*(Step("set", it, []) for it in others), step]


async def _prepare(subject: Subject, fold: Fold) -> None:
    """Read the names of the present groups when one of them has to be recognised."""
    if isinstance(fold, Groups) and any(step.field == "memberOf" and step.action != "addItem" for step in subject.steps):
        await fold.read()


async def _carry_out(subject: Subject, plan: Plan) -> bool:
    """Write the plan; False when there is nothing to write. ItemNotFound when the new server fails over a role that is gone."""
    try:
        return await write(subject, plan)
    except MethodError as error:
        if error.type != "serverUnavailable" or not plan.references:
            raise
        await subject.found.refresh()
        for id_, name in plan.references.items():
            if id_ not in subject.context.roles:
                raise ItemNotFound(name) from None
        raise
