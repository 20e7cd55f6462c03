"""The rows of settings before a simulated server in the same process, which notes every change and misbehaves on demand."""

import json

from gateway.jmap import replies
from gateway.jmap.calls import request_body
from gateway.jmap.errors import MethodError, OutcomeUnknown
from gateway.jmap.session import Account
from gateway.knowledge import query_string
from gateway.knowledge.permissions import NEW_RIGHTS
from gateway.legacy.exchange import Exchange
from gateway.legacy.refusals import ManagementError
from gateway.legacy.settings import ROUTES
from gateway.settings import Settings
from gateway.simulator import dispatch, envelope
from gateway.simulator.auth import administrator
from gateway.simulator.server import WORLD, build
from gateway.simulator.world import Config
from gateway.state import Recollection
from gateway.web.locks import Locks

ROWS = {row.operation: row.action for row in ROUTES}
RIGHTS = frozenset(
    right for name in ("settings-list", "settings-update", "settings-delete") for right in NEW_RIGHTS[name]
)
LOST = "lost"


class NewServer:
    """A caller of the simulated server. `sets` are the changes that were asked for.

    `faults` are by type of object what becomes of its next changes, in order: a type of method error, or `lost` for an answer that never came;
    a name with `!` behind it means that the change is carried out nevertheless, None that all goes well. `before_change` holds what happens
    before the next requests that change something, `broken_reads` is how many reads fail.
    """

    def __init__(self, **config):
        self.world = build(Config(admin=("admin", "Canary-of-the-admin-1"), **config))[WORLD]
        self.sets = []
        self.faults = {}
        self.gets = 0
        self.broken_reads = 0
        self.before_change = []

    async def account(self):
        return Account(RIGHTS, "oss", "en_US")

    def drop(self, _kind):
        """Nothing is kept here."""

    async def request(self, *calls):
        answers = await self.attempt(*calls)
        for answer in answers:
            if isinstance(answer, MethodError):
                raise answer
        return answers

    async def attempt(self, *calls):
        body = request_body(calls)
        changes = [call[:2] for call in body["methodCalls"] if call[0].endswith("/set")]
        self.sets += changes
        self.gets += not changes
        if not changes and self.broken_reads:
            self.broken_reads -= 1
            return replies.read(
                calls,
                {
                    "methodResponses": [
                        ["error", {"type": "serverUnavailable"}, call[2]] for call in body["methodCalls"]
                    ]
                },
            )
        if changes and self.before_change:
            await self.before_change.pop(0)()
        planned = {
            call.type: self.faults[call.type].pop(0) for call in calls if call.writes and self.faults.get(call.type)
        }
        answers = self._answers(body, planned)
        if any(fault and fault.startswith(LOST) for fault in planned.values()):
            raise OutcomeUnknown
        return replies.read(calls, {"methodResponses": answers})

    def change(self, type_, **arguments):
        """A change by somebody else."""
        return dispatch.run_one(self.world, administrator(self.world), f"x:{type_}/set", arguments)

    def objects(self, type_, ids=None):
        """Objects of a type, or some of them, as they read."""
        return dispatch.run_one(self.world, administrator(self.world), f"x:{type_}/get", {"ids": ids})["list"]

    def _answers(self, body, planned):
        wanted = []
        for call in body["methodCalls"]:
            fault = planned.get(call[0][2:].partition("/")[0])
            wanted += [] if fault and not fault.endswith("!") else [call]
        request = envelope.read(
            json.dumps(body | {"methodCalls": wanted}).encode(),
            "application/json",
            dispatch.grammar(self.world),
            self.world.applied("Jmap"),
        )
        given = {
            tag: [name, arguments, tag]
            for name, arguments, tag in dispatch.run(self.world, administrator(self.world), request)
        }
        for name, _, tag in body["methodCalls"]:
            if fault := planned.get(name[2:].partition("/")[0]):
                given[tag] = ["error", {"type": fault.removesuffix("!")}, tag]
        return [given[tag] for _, _, tag in body["methodCalls"]]


class Old:
    """An old client of one gateway."""

    def __init__(self, server):
        self.server = server
        self.memory = Recollection()
        self.locks = Locks()
        self.background = []

    async def post(self, *operations):
        """Reply of `POST /settings`: the body of a refusal, None for a success. What fails otherwise is raised."""
        try:
            return await self._row("updateSettings", body=list(operations))
        except ManagementError as refusal:
            return refusal.body

    async def delete(self, key):
        try:
            return await self._row("deleteSetting", path={"key": key})
        except ManagementError as refusal:
            return refusal.body

    async def items(self, prefix=""):
        return (await self._row("listSettings", query=f"prefix={prefix}"))["items"]

    async def keys(self, *keys):
        return await self._row("getSettingsKeys", query=f"keys={','.join(keys)}")

    async def _row(self, operation, *, body=None, query="", path=None):
        return await ROWS[operation].handle(
            Exchange(
                path=path or {},
                query=query_string.parse(query),
                body=body,
                now=0,
                settings=Settings(),
                caller=self.server,
                flags=None,
                memory=self.memory,
                locks=self.locks,
                background=self.background.append,
            )
        )


def insert(values, prefix=None, *, new=False):
    """One operation that writes keys."""
    return {"type": "insert", "prefix": prefix, "values": [list(pair) for pair in values.items()], "assert_empty": new}


def clear(prefix, words=None):
    return {"type": "clear", "prefix": prefix} | ({} if words is None else {"filter": words})


def delete(*keys):
    return {"type": "delete", "keys": list(keys)}
