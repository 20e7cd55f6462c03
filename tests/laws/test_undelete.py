"""No restoration touches an item that was not asked for, that is no mail, or that has another account."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from gateway.jmap import replies
from gateway.jmap.calls import request_body
from gateway.jmap.session import ENTERPRISE, Account
from gateway.knowledge.blobs import hash_of, unrestricted_id
from gateway.knowledge.ids import encode
from gateway.knowledge.instants import text_of
from gateway.knowledge.permissions import NEW_RIGHTS
from gateway.legacy.exchange import Exchange
from gateway.legacy.refusals import Refusal
from gateway.legacy.store.undelete import undelete
from gateway.settings import Settings
from gateway.state import Recollection
from gateway.web.locks import Locks

NOW = 1_772_366_400
KINDS = ("Email", "FileNode", "CalendarEvent", "ContactCard", "SieveScript", "Novelty")
CONTENTS = [bytes([number]) * 32 for number in range(4)]

accounts = [{"id": id_, "name": name, "emailAddress": f"{name}@acme.test", "aliases": {}} for id_, name in (("b", "kim"), ("c", "bo"))]
times = st.integers(NOW - 5, NOW + 5)
items = st.fixed_dictionaries(
    {
        "@type": st.sampled_from(KINDS),
        "accountId": st.sampled_from(["b", "c"]),
        "blobId": st.sampled_from(CONTENTS).map(unrestricted_id),
        "archivedAt": times.map(text_of),
        "archivedUntil": times.map(text_of),
    },
    optional={"status": st.sampled_from(["archived", "requestRestore"])},
)
elements = st.fixed_dictionaries(
    {
        "hash": st.sampled_from([*(hash_of(unrestricted_id(it)) for it in CONTENTS), "A" * 43]),
        "collection": st.sampled_from(["email", "email", "email", "fileNode", "nothing"]),
        "restoreTime": times.map(text_of) | st.just("soon"),
    },
    optional={"cancelDeletion": times.map(text_of) | st.none()},
)
bodies = st.none() | st.lists(elements, max_size=6)


class Server:
    """Accounts, an archive, and what was asked to be restored."""

    def __init__(self, kept):
        self.kept = {encode(number): {"id": encode(number)} | it for number, it in enumerate(kept, start=1)}
        self.restored = []

    async def account(self):
        return Account(frozenset(NEW_RIGHTS["undelete"]), ENTERPRISE, "en")

    async def request(self, *calls):
        answers = []
        for name, arguments, tag in request_body(calls)["methodCalls"]:
            if "#ids" in arguments:
                arguments = {**arguments, "ids": answers[int(arguments["#ids"]["resultOf"][1:])][1]["ids"]}  # noqa: PLW2901
            answers.append([name, getattr(self, name.removeprefix("x:").replace("/", "_"))(arguments), tag])
        return replies.read(calls, {"methodResponses": answers})

    @staticmethod
    def Account_query(arguments):  # noqa: N802 - named after the method
        return {"ids": [it["id"] for it in accounts if it["name"] == arguments["filter"]["name"]]}

    @staticmethod
    def Account_get(arguments):  # noqa: N802 - likewise
        return {"list": [it for it in accounts if it["id"] in arguments["ids"]], "notFound": []}

    def ArchivedItem_query(self, arguments):  # noqa: N802 - likewise
        found = [id_ for id_, it in self.kept.items() if it["accountId"] == arguments["filter"]["accountId"]]
        return {"ids": found[arguments["position"] :][: arguments["limit"]], "total": len(found)}

    def ArchivedItem_get(self, arguments):  # noqa: N802 - likewise
        return {"list": [self.kept[id_] for id_ in arguments["ids"]], "notFound": []}

    def ArchivedItem_set(self, arguments):  # noqa: N802 - likewise
        assert set(arguments) == {"update"}
        assert all(patch == {"status": "requestRestore"} for patch in arguments["update"].values())
        self.restored += arguments["update"]
        return {"updated": dict.fromkeys(arguments["update"])}


def play(server, body, page):
    exchange = Exchange(
        path={"account": "kim"}, query={}, body=body, now=NOW, settings=Settings(get_page=page), caller=server, flags=None, memory=Recollection(), locks=Locks(), background=None
    )  # fmt: skip
    try:
        return asyncio.run(undelete(exchange))
    except Refusal:
        return None


@given(st.lists(items, max_size=8), bodies, st.integers(1, 4))
def test_only_what_was_asked_for_is_restored(kept, body, page):
    server = Server(kept)
    outcomes = play(server, body, page)
    assert len(server.restored) == len(set(server.restored))
    for id_ in server.restored:
        item = server.kept[id_]
        assert (item["accountId"], item["@type"]) == ("b", "Email")
        assert item.get("status") != "requestRestore"
        if body is not None:
            assert any(it["hash"] == hash_of(item["blobId"]) and it["collection"] == "email" for it in body)
    if outcomes is None:
        assert server.restored == []
    else:
        assert sum(it["type"] == "success" for it in outcomes) == len(server.restored)
        assert body is None or len(outcomes) == len(body)
    if body is not None and any(it["collection"] == "nothing" or it["restoreTime"] == "soon" for it in body):
        assert outcomes is None
