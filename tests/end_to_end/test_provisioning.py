"""What a hosting panel does with the principals of a customer, over real sockets, and how many round trips to the new server each call costs."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import pytest

PEOPLE = 200
PASSWORD = "Canary-plum-kettle-{}-orbit"
HASH = "$6$labsalt$a3FamHDugO/Lm35zk1fCx1h7jQpQdR0A5uhy5hB8g7bhJI.O3jQrz91XPW.wRT3PFF37vZGUzMvWvYzFqYRfo."
MARK = "/healthz/live"
NOT_FOUND = {"error": "notFound", "item": "p001"}


@dataclass
class Panel:
    """An old client that knows what its last call cost."""

    old: Any

    async def data(self, method: str, target: str, body: Any = None, *, trips: int | None = None) -> Any:
        """The `data` of a reply, which must have cost so many requests to `/jmap/`."""
        answer = await self.reply(method, target, body, trips=trips)
        assert list(answer) == ["data"], (method, target, answer)
        return answer["data"]

    async def reply(self, method: str, target: str, body: Any = None, *, trips: int | None = None) -> Any:
        await self.old.http.get(f"{self.old.both.simulator}{MARK}")
        status, answer = await self.old.call(method, f"/api/principal{target}", None if body is None else json.dumps(body))
        assert status == 200, (method, target, answer)
        made = await self._asked()
        assert trips is None or len(made) == trips, (method, target, made)
        return answer

    async def patch(self, name: str, *steps: tuple[str, str, Any], trips: int) -> None:
        body = [{"action": action, "field": field, "value": value} for action, field, value in steps]
        assert await self.data("PATCH", f"/{name}", body, trips=trips) is None

    async def person(self, name: str, *, trips: int | None = None) -> Any:
        found = await self.data("GET", f"/{name}", trips=trips)
        return {key: value for key, value in found.items() if key != "id"}

    async def logs_in(self, login: str, secret: str) -> bool:
        """Whether the new server takes a login, which it is asked through the paths that the gateway passes on."""
        status, _ = await self.old.as_((login, secret)).call("GET", "/jmap/session")
        assert status in (200, 401, 403)
        return status == 200

    async def fail(self, *rules: dict[str, Any]) -> None:
        """Let the new server fail as planned."""
        async with self.old.http.post(f"{self.old.both.simulator}/.simulator/faults", json=list(rules)) as answer:
            assert answer.status == 200

    async def _asked(self) -> list[Any]:
        """The JMAP requests that the new server has seen since the mark."""
        async with self.old.http.get(f"{self.old.both.simulator}/.simulator/journal") as answer:
            journal = await answer.json()
        mark = max(at for at, it in enumerate(journal) if it["path"] == MARK)
        return [it for it in journal[mark:] if it["path"] == "/jmap/" and it["method"] == "POST"]


@pytest.fixture
async def panel(old) -> Panel:
    """A panel with a customer's domain."""
    panel = Panel(old)
    await panel.data("POST", "", {"type": "domain", "name": "panel.test", "description": "A customer"}, trips=2)
    return panel


def individual(number: int, **more: Any) -> dict[str, Any]:
    """A mailbox as the panel makes it: a bare name, an address, a password, the role of a user."""
    name = f"p{number:03}"
    return {
        "type": "individual", "name": name, "description": f"Person {number}", "secrets": [PASSWORD.format(number)],
        "emails": [f"{name}@panel.test"], "roles": ["user"], "quota": 1_000_000,
    } | more  # fmt: skip


async def test_a_customer_comes_and_goes(panel: Panel) -> None:
    ids = [await panel.data("POST", "", individual(number), trips=2) for number in range(PEOPLE)]
    assert len({*ids}) == PEOPLE
    listed = await panel.data("GET", "?types=individual&filter=panel.test&fields=name,emails,quota&limit=500&page=1", trips=1)
    assert listed["total"] == PEOPLE
    assert listed["items"] == [
        {"id": id_, "type": "individual", "name": f"p{number:03}", "emails": [f"p{number:03}@panel.test"], "quota": 1_000_000}
        for number, id_ in enumerate(ids)
    ]
    count = await panel.data("GET", "?types=individual&filter=panel.test&fields=name&count=1", trips=1)
    assert count == {"items": [], "total": PEOPLE}
    assert await panel.logs_in("p007@panel.test", PASSWORD.format(7))

    await panel.patch("p001", ("addItem", "emails", "sales@panel.test"), ("addItem", "emails", "info@panel.test"), trips=2)
    await panel.patch("p001", ("removeItem", "emails", "sales@panel.test"), trips=2)
    await panel.patch("p001", ("set", "quota", 5_000_000), ("set", "description", "First"), trips=2)
    await panel.patch("p001", ("addItem", "secrets", HASH), trips=2)
    assert not await panel.logs_in("p001@panel.test", PASSWORD.format(1))
    await panel.patch("p001", ("set", "secrets", ["Canary-new-secret-of-p001"]), trips=2)
    assert await panel.logs_in("p001@panel.test", "Canary-new-secret-of-p001")
    assert await panel.person("p001") == {
        "type": "individual", "name": "p001", "description": "First", "secrets": ["****"], "emails": ["p001@panel.test", "info@panel.test"],
        "roles": ["user"], "quota": 5_000_000,
    }  # fmt: skip

    await panel.patch("p001", ("set", "roles", []), trips=2)
    assert "roles" not in await panel.person("p001", trips=2)
    assert not await panel.logs_in("p001@panel.test", "Canary-new-secret-of-p001")
    await panel.patch("p001", ("set", "roles", ["user"]), trips=2)
    assert (await panel.person("p001"))["roles"] == ["user"]
    assert await panel.logs_in("p001@panel.test", "Canary-new-secret-of-p001")

    assert await panel.data("DELETE", "?type=individual&filter=panel.test&confirm=true", trips=3) is True
    assert (await panel.data("GET", "?types=individual&filter=panel.test"))["total"] == 0
    assert await panel.data("DELETE", "?type=individual&filter=panel.test&confirm=true", trips=1) is False
    assert await panel.data("DELETE", "/panel.test", trips=2) is None
    assert await panel.reply("GET", "/panel.test") == {"error": "notFound", "item": "panel.test"}


async def test_groups_and_lists_of_a_customer(panel: Panel) -> None:
    for number in range(1, 4):
        await panel.data("POST", "", individual(number), trips=2)
    await panel.data("POST", "", {"type": "group", "name": "team", "emails": ["team@panel.test"], "members": ["p001", "p002"]}, trips=3)
    everybody = {"type": "list", "name": "all", "emails": ["all@panel.test"], "members": ["p001", "team"], "externalMembers": ["Guest@Far.test"]}
    await panel.data("POST", "", everybody, trips=2)
    await panel.data("POST", "", individual(4, memberOf=["team"], lists=["all"]), trips=3)
    assert (await panel.data("GET", "/team", trips=2))["members"] == ["p001", "p002", "p004"]
    found = await panel.data("GET", "/all", trips=1)
    assert (found["members"], found["externalMembers"]) == (["p001", "p004", "team"], ["guest@far.test"])
    await panel.patch("team", ("addItem", "members", "p003"), ("removeItem", "members", "p001"), trips=2)
    await panel.patch("p004", ("removeItem", "lists", "all"), trips=3)
    assert (await panel.person("p004"))["memberOf"] == ["team"]
    assert "lists" not in await panel.person("p004")
    assert await panel.data("DELETE", "/team", trips=4) is None
    assert (await panel.data("GET", "/all"))["members"] == ["p001"]
    assert "memberOf" not in await panel.person("p003")
    assert await panel.data("DELETE", "/p001", trips=3) is None
    assert "members" not in await panel.data("GET", "/all")
    refused = await panel.reply("DELETE", "/panel.test", trips=3)
    assert refused == {
        "error": "other", "details": "Domain has members",
        "reason": "Domains must have no members to be deleted: Found: p002, p003, p004, all",
    }  # fmt: skip


async def test_a_mailbox_is_renamed_and_its_name_used_again(panel: Panel) -> None:
    await panel.data("POST", "", individual(1), trips=2)
    await panel.data("POST", "", {"type": "list", "name": "all@panel.test", "emails": ["all@panel.test"], "members": ["p001"]}, trips=2)
    await panel.patch("p001", ("set", "name", "boss"), trips=4)
    assert await panel.reply("GET", "/p001") == NOT_FOUND
    boss = await panel.person("boss")
    assert (boss["name"], boss["emails"], boss["lists"]) == ("boss", ["p001@panel.test"], ["all@panel.test"])
    assert await panel.logs_in("boss@panel.test", PASSWORD.format(1))
    taken = await panel.reply("POST", "", individual(2, name="boss"))
    assert taken == {"error": "fieldAlreadyExists", "field": "name", "value": "boss"}
    taken = await panel.reply("POST", "", individual(2, emails=["p002@panel.test", "p001@panel.test"]), trips=3)
    assert taken == {"error": "fieldAlreadyExists", "field": "emails", "value": "p001@panel.test"}
    assert await panel.reply("GET", "/p002") == {"error": "notFound", "item": "p002"}
    assert await panel.data("DELETE", "/boss", trips=3) is None
    again = await panel.data("POST", "", individual(1), trips=2)
    assert (await panel.data("GET", "/p001"))["id"] == again


@pytest.mark.parametrize("member", ["p001", "nobody"])
async def test_what_cannot_be_made_leaves_nothing(panel: Panel, member: str) -> None:
    await panel.data("POST", "", individual(1), trips=2)
    answer = await panel.reply("POST", "", {"type": "group", "name": "team", "emails": ["team@panel.test", "@elsewhere.test"], "members": [member]})
    assert answer == {"error": "notFound", "item": "elsewhere.test" if member == "p001" else "nobody"}
    assert await panel.reply("GET", "/team") == {"error": "notFound", "item": "team"}


async def test_a_domain_beyond_ascii_is_found_as_it_was_written(panel: Panel) -> None:
    id_ = await panel.data("POST", "", {"type": "domain", "name": "M\u00fcller.test"})
    assert (await panel.data("GET", "/m%C3%BCller.test"))["id"] == id_
    await panel.data("POST", "", individual(1, emails=["p001@m\u00fcller.test"]))
    refused = await panel.reply("POST", "", {"type": "domain", "name": "m\u00fcller.test"})
    assert refused == {"error": "fieldAlreadyExists", "field": "name", "value": "m\u00fcller.test"}
    assert await panel.data("DELETE", "/p001") is None
    assert await panel.data("DELETE", "/m%C3%BCller.test") is None


async def test_administrators_remove_themselves(panel: Panel) -> None:
    """Their credentials are worth nothing from then on, which must not look like a failure."""
    for number in (1, 2):
        await panel.data("POST", "", individual(number, roles=["admin"]))
    await panel.data("POST", "", {"type": "list", "name": "all", "members": ["p002"], "externalMembers": ["guest@far.test"]})
    first, second = (Panel(panel.old.as_((f"p00{number}@panel.test", PASSWORD.format(number)))) for number in (1, 2))
    assert await first.data("DELETE", "/p001", trips=2) is None
    assert await second.data("DELETE", "?type=individual&confirm=true") is True
    assert await panel.data("GET", "?types=individual") == {"items": [], "total": 0}
    assert "members" not in await panel.data("GET", "/all")


async def test_what_cannot_be_finished_is_taken_back(panel: Panel) -> None:
    await panel.data("POST", "", {"type": "list", "name": "all", "externalMembers": ["guest@far.test"]})
    await panel.fail({"do": "unavailable", "call": "x:MailingList/set", "count": None})
    status, _ = await panel.old.call("POST", "/api/principal", json.dumps(individual(1, lists=["all"])))
    assert status == 500
    await panel.fail()
    assert await panel.reply("GET", "/p001") == NOT_FOUND
    assert "members" not in await panel.data("GET", "/all")
    await panel.data("POST", "", individual(1, lists=["all"]), trips=3)
    assert (await panel.data("GET", "/all"))["members"] == ["p001"]


async def test_a_lost_answer_is_no_success_and_not_asked_for_again(panel: Panel) -> None:
    await panel.fail({"do": "lose", "call": "x:Account/set"})
    status, problem = await panel.old.call("POST", "/api/principal", json.dumps(individual(1)))
    assert (status, problem["title"]) == (504, "Gateway Timeout")
    assert (await panel.data("GET", "?types=individual&filter=panel.test"))["total"] == 1
    await panel.fail({"do": "lose", "call": "x:Account/set"})
    status, _ = await panel.old.call("DELETE", "/api/principal/p001@panel.test")
    assert status == 504
    assert await panel.reply("DELETE", "/p001@panel.test") == {"error": "notFound", "item": "p001@panel.test"}


@pytest.mark.parametrize("type_", ["role", "tenant", "oauthClient", "individual", "domain"])
async def test_two_at_once_make_one(panel: Panel, type_: str) -> None:
    body = json.dumps({"type": type_, "name": "twin.test"})
    answers = await asyncio.gather(*(panel.old.call("POST", "/api/principal", body) for _ in range(4)))
    made = [answer for _, answer in answers if "data" in answer]
    assert len(made) == 1
    others = [answer for _, answer in answers if "data" not in answer]
    assert others == [{"error": "fieldAlreadyExists", "field": "name", "value": "twin.test"}] * 3
