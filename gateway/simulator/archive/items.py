"""The object type ArchivedItem (jmap-management-api 3.17)."""

from collections.abc import MutableMapping
from typing import Any, cast

from gateway.knowledge.instants import text_of, unix_of
from gateway.simulator.callers import Caller
from gateway.simulator.errors import Cut, Object, SetError
from gateway.simulator.mailboxes import Destroyed, Restored
from gateway.simulator.objects.owned import OwnedObjects
from gateway.simulator.objects.values import wrong
from gateway.simulator.tasks.life import Failed
from gateway.simulator.tasks.tasks import tasks_of
from gateway.simulator.world import World

INVALID = "Invalid value for property"


class ArchivedItems(OwnedObjects):
    """Deleted items, those of the own account unless the caller may act as anybody. They can only be restored, kept longer, or destroyed."""

    def take(self, fact: Destroyed) -> None:
        """Keep a destroyed message, where the edition and the settings want that."""
        held = self.world.applied("DataRetention")["archiveDeletedItemsFor"]
        if self.world.enterprise and held:
            message = {name: fact.message[name] for name in ("subject", "receivedAt")}
            known = {"from": fact.sender, "subject": message["subject"] or "", "receivedAt": message["receivedAt"], "size": len(fact.content)}
            self.keep("Email", fact.account_id, fact.content, held // 1000, **known)

    def keep(self, kind: str, account_id: str, content: bytes, seconds: int, **properties: Any) -> str:
        """Add an item for so many seconds, and give its id."""
        now = self.world.clock.seconds()
        stored = self.schema.fresh(kind) | properties
        if "createdAt" in self.schema.properties(stored):
            stored.setdefault("createdAt", text_of(now))
        stored |= {"accountId": account_id, "archivedAt": text_of(now), "archivedUntil": text_of(now + seconds), "status": None}
        stored["blobId"] = self.world.blobs.unrestricted(content)
        id_ = self.world.snowflake()
        self.save(id_, stored)
        return id_

    def restore(self, _id: str, task: Object) -> None:
        """Do the work of a task: mail goes into the inbox, without keywords; Failed for anything else."""
        if task["archivedItemType"] != "Email":
            raise Failed("Not implemented")
        content = self.world.blobs.content(task["blobId"])
        if content is None:
            raise Failed("Blob not found")
        self.world.tell("message.restored", Restored(task["accountId"], b"", content))

    def create(self, caller: Caller, arguments: Object, value: Any, references: MutableMapping[str, str]) -> Object:  # noqa: ARG002 - a hook
        """SetError."""
        raise SetError("forbidden", "Archived items cannot be created")

    def update(self, caller: Caller, arguments: Object, id_: str, patch: Any, references: MutableMapping[str, str]) -> None:  # noqa: ARG002 - a hook
        """Restore an item, or keep it longer, which takes both properties: an end of keeping alone restores."""
        stored = self.visible(caller, arguments).get(id_)
        if stored is None:
            raise SetError("notFound")
        if not isinstance(patch, dict):
            raise Cut
        strange = sorted(patch.keys() - {"status", "archivedUntil"})
        if strange:
            raise SetError("invalidProperties", "Only status and archivedUntil can be changed", properties=strange)
        status, until = patch.get("status"), self._end(patch)
        if status not in {None, "archived", "requestRestore"}:
            raise wrong("status", INVALID)
        if status == "archived" or (status is None and until is None):
            raise SetError("notFound")
        if status and until:
            self.save(id_, stored | {"archivedUntil": until})
        else:
            self._plan(self.remove(id_))

    def _end(self, patch: Object) -> str | None:
        """The end of keeping in a patch, None when there is none; SetError unless it lies in the future."""
        if "archivedUntil" not in patch:
            return None
        given = patch["archivedUntil"]
        end = unix_of(given) if isinstance(given, str) else None
        if end is None or end <= self.world.clock.seconds():
            raise wrong("archivedUntil", INVALID)
        return text_of(end)

    def _plan(self, item: Object) -> None:
        properties = {"@type": "RestoreArchivedItem", "archivedItemType": item["@type"], "createdAt": item.get("createdAt") or item["archivedAt"]}
        properties |= {name: item[name] for name in ("accountId", "blobId", "archivedUntil")}
        tasks_of(self.world).schedule(properties, self.world.clock.seconds())


def archive_of(world: World) -> ArchivedItems:
    """The deleted items of a world."""
    return cast("ArchivedItems", world.types["ArchivedItem"])
