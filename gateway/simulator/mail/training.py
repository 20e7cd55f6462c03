"""Samples that the spam classifier learns from (jmap-management-api 3.23; recordings `spam`)."""

from collections.abc import MutableMapping
from email import message_from_bytes
from email.utils import parseaddr
from typing import Any

from gateway.knowledge.instants import text_of
from gateway.simulator.callers import Caller
from gateway.simulator.errors import Object, SetError
from gateway.simulator.objects.owned import OwnedObjects
from gateway.simulator.objects.values import wrong


class TrainingSamples(OwnedObjects):
    """Messages with a verdict. Their accounts are those they are for, none for samples of the whole server."""

    def create(self, caller: Caller, arguments: Object, value: Any, references: MutableMapping[str, str]) -> Object:
        """Take a sample, or SetError."""
        if self.world.applied("SpamClassifier")["model"]["@type"] == "Disabled":
            raise SetError("forbidden", "Spam classifier is not configured on the server")
        if isinstance(value, dict) and "accountId" in value and not caller.may("impersonate"):
            raise wrong("accountId", "Cannot modify accountId property")
        return super().create(caller, arguments, value, references)

    def update(self, caller: Caller, arguments: Object, id_: str, patch: Any, references: MutableMapping[str, str]) -> None:  # noqa: ARG002 - a hook
        """SetError."""
        if id_ not in self.visible(caller, arguments):
            raise SetError("notFound")
        raise SetError("forbidden", "Spam training samples cannot be modified.")

    def refine(self, caller: Caller, id_: str, old: Object | None, stored: Object) -> None:  # noqa: ARG002 - a hook
        """Read the message: SetError unless it has a subject or a sender."""
        if stored["blobId"] is None:
            raise _unusable("blobId is required")
        content = self.world.blobs.fetch(caller, stored["blobId"])
        if content is None:
            raise _unusable("blobId does not exist or is not accessible")
        letter = message_from_bytes(content)
        sender, subject = parseaddr(str(letter.get("from", "")))[1], _readable(str(letter.get("subject", "")))
        if not sender and not subject:
            raise _unusable("Email message must have a subject or a from header")
        stored |= {"from": sender, "subject": subject, "expiresAt": text_of(self._end())}
        stored["blobId"] = self.world.blobs.unrestricted(content)

    def suffice(self) -> bool:
        """Whether there are enough samples of both kinds to learn from."""
        classifier = self.world.applied("SpamClassifier")
        kinds = [stored["isSpam"] for stored in self.objects.values()]
        return bool(classifier["model"]["@type"] != "Disabled" and sum(kinds) >= classifier["minSpamSamples"] and len(kinds) - sum(kinds) >= classifier["minHamSamples"])

    def learn(self) -> None:
        """Use the samples, if there are enough: of the same message for the same account only the last one stays, and none that was for one use."""
        if not self.suffice():
            return
        last = {(stored["accountId"], stored["blobId"]): id_ for id_, stored in self.objects.items()}
        for id_, stored in tuple(self.objects.items()):
            if stored["deleteAfterUse"] or last[stored["accountId"], stored["blobId"]] != id_:
                self.remove(id_)

    def _end(self) -> int:
        return int(self.world.clock.seconds() + self.world.applied("SpamClassifier")["holdSamplesFor"] // 1000)


def _unusable(why: str) -> SetError:
    return SetError("invalidProperties", why, properties=["blobId"])


def _readable(text: str) -> str:
    """The text with octets that are no characters replaced."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace").strip()
