"""Where contents are kept: by their hash, with reservations for what was uploaded."""

import hashlib

from gateway.knowledge.blobs import HASH_BYTES
from gateway.knowledge.blobs import unrestricted_id as _unrestricted
from gateway.simulator.blobs import codec
from gateway.simulator.callers import Caller
from gateway.simulator.clock import Clock
from gateway.simulator.text_ids import number_of

KEPT_SECONDS = 3600


class BlobStore:
    """Contents of uploads and messages."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._contents: dict[bytes, bytes] = {}
        self._reserved: dict[tuple[int, bytes], int] = {}
        self._headers: dict[codec.BlobName, bytes] = {}

    def put(self, content: bytes) -> bytes:
        """Keep a content; gives its hash."""
        digest = hashlib.blake2b(content, digest_size=HASH_BYTES).digest()
        self._contents[digest] = content
        return digest

    def unrestricted(self, content: bytes) -> str:
        """Keep a content; gives the id that is honoured for holders of `fetchAnyBlob`."""
        return _unrestricted(self.put(content))

    def upload(self, account_id: str, content: bytes) -> str:
        """Keep a content for an account and an hour; the same content keeps its id while the reservation lasts."""
        account, digest, now = number_of(account_id) & codec.ANY_ACCOUNT, self.put(content), self._clock.seconds()
        expires = self._reserved.get((account, digest), 0)
        if expires <= now:
            expires = self._reserved[account, digest] = now + KEPT_SECONDS
        return codec.write(codec.BlobName(linked=False, digest=digest, account=account, expires=expires))

    def lend(self, account_id: str, blob_id: str) -> str:
        """Id by which an account may read a content for an hour, whosever it is."""
        name = codec.read(blob_id)
        if name is None:
            raise ValueError(blob_id)
        return self.upload(account_id, self._contents[name.digest])

    def link(self, account_id: str, document: int, header: bytes, content: bytes) -> str:
        """Keep the content of a document in an account; by the id of the document it is read with the header in front."""
        name = codec.BlobName(linked=True, digest=self.put(content), account=number_of(account_id), expires=document)
        self._headers[name] = header
        return codec.write(name)

    def fetch(self, caller: Caller, blob_id: str) -> bytes | None:
        """The content when it is there and the caller may have it."""
        name = codec.read(blob_id)
        if name is None or not (caller.may("fetchAnyBlob") or self._owned(caller, name)):
            return None
        content = self._contents.get(name.digest)
        return None if content is None else self._headers.get(name, b"") + content

    def content(self, blob_id: str) -> bytes | None:
        """The content that is kept once for everybody, without the header of a document; None when it is not there."""
        name = codec.read(blob_id)
        return None if name is None else self._contents.get(name.digest)

    def _owned(self, caller: Caller, name: codec.BlobName) -> bool:
        own = {number_of(id_) for id_ in (caller.account_id, *caller.groups)}
        return not name.unrestricted and name.account in own and (name.linked or name.expires > self._clock.seconds())
