"""The life of queued messages as an old client sees it."""

from typing import Any

MESSAGES = "/api/queue/messages"
NOT_FOUND = {"type": "about:blank", "status": 404, "title": "Not Found", "detail": "The requested resource does not exist on this server."}
TEMPORARY = "Error for mx.temp.test: Unexpected response for RCPT TO:<{}>: Code: 451, Enhanced code: 4.3.0, Message: try again later"
CANCELLED = {"perm_fail": "Error for localhost: Queue error: Delivery canceled."}


async def queued(old: Any, to: str) -> int:
    """Put a message into the queue that stays there, and give its id."""
    assert (await old.send("lee@sender.test", to))["data"] == "250 2.0.0"
    (number,) = (await old.get(f"{MESSAGES}?to={to}"))["items"]
    return number


def by_address(message: Any) -> dict[str, Any]:
    return {recipient["address"]: recipient for recipient in message["recipients"]}


async def test_a_message_is_listed_read_rescheduled_and_removed(old) -> None:
    assert await old.get(MESSAGES) == {"items": [], "total": 0, "status": True}

    number = await queued(old, "kim@temp.test")
    assert await old.get(MESSAGES) == {"items": [number], "total": 1, "status": True}
    message = await old.get(f"{MESSAGES}/{number}")
    assert (await old.get(f"{MESSAGES}?values=1"))["items"] == [message]
    assert message["id"] == number
    assert message["return_path"] == "lee@sender.test"
    (recipient,) = message["recipients"]
    assert recipient["address"] == "kim@temp.test"
    assert recipient["status"] == {"temp_fail": TEMPORARY.format("kim@temp.test")}
    assert recipient["retry_num"] == 1

    assert await old.patch(f"{MESSAGES}/{number}?at=2031-01-05T00:00:00Z") is True
    (recipient,) = (await old.get(f"{MESSAGES}/{number}"))["recipients"]
    assert recipient["next_retry"] == "2031-01-05T00:00:00Z"

    assert await old.delete(f"{MESSAGES}/{number}") is True
    for method in ("GET", "PATCH", "DELETE"):
        assert await old.call(method, f"{MESSAGES}/{number}") == (404, NOT_FOUND)


async def test_now_makes_the_server_try_again(old) -> None:
    number = await queued(old, "kim@temp.test")
    assert await old.patch(f"{MESSAGES}/{number}") is True
    old.wait()
    (recipient,) = (await old.get(f"{MESSAGES}/{number}"))["recipients"]
    assert recipient["retry_num"] == 2
    assert await old.patch(f"{MESSAGES}/{number}?at=2020-01-01T00:00:00Z") is True
    old.wait()
    (recipient,) = (await old.get(f"{MESSAGES}/{number}"))["recipients"]
    assert recipient["retry_num"] == 3


async def test_a_message_to_several_keeps_the_state_of_each(old) -> None:
    await old.send("lee@sender.test", "a@temp.test", "b@ok.test", "c@refused.test", "bad-d@temp.test")
    (message,) = (await old.get(f"{MESSAGES}?values=1&from=lee@"))["items"]
    states = {address: recipient["status"] for address, recipient in by_address(message).items()}
    assert states["a@temp.test"] == {"temp_fail": TEMPORARY.format("a@temp.test")}
    assert list(states["b@ok.test"]) == ["completed"]
    assert states["c@refused.test"]["temp_fail"].startswith("Error for mx.refused.test: Connection failed: ")
    assert list(states["bad-d@temp.test"]) == ["perm_fail"]


async def test_one_recipient_is_cancelled_then_the_last_one(old) -> None:
    await old.send("lee@sender.test", "a@temp.test", "b@temp.test")
    (number,) = (await old.get(MESSAGES))["items"]
    target = f"{MESSAGES}/{number}"
    assert await old.delete(f"{target}?filter=nobody") is False
    assert await old.delete(f"{target}?filter=a@temp.test") is True
    recipients = by_address(await old.get(target))
    assert recipients["a@temp.test"]["status"] == CANCELLED
    assert recipients["b@temp.test"]["status"] == {"temp_fail": TEMPORARY.format("b@temp.test")}
    assert await old.delete(f"{target}?filter=b@") is True
    assert await old.call("GET", target) == (404, NOT_FOUND)


async def test_reschedule_takes_only_the_recipients_of_the_filter(old) -> None:
    await old.send("lee@sender.test", "a@temp.test", "b@refused.test")
    (number,) = (await old.get(MESSAGES))["items"]
    assert await old.patch(f"{MESSAGES}/{number}?filter=refused.test&at=2031-02-01T00:00:00Z") is True
    assert await old.patch(f"{MESSAGES}/{number}?filter=zz&at=2031-03-01T00:00:00Z") is False
    due = {address: recipient["next_retry"] for address, recipient in by_address(await old.get(f"{MESSAGES}/{number}")).items()}
    assert due["b@refused.test"] == "2031-02-01T00:00:00Z"
    assert due["a@temp.test"] < "2031"


async def test_filters_ranges_and_pages_of_the_list(old) -> None:
    numbers = [await queued(old, f"k{position}@temp.test") for position in range(1, 6)]
    for day, number in enumerate(numbers, 1):
        await old.patch(f"{MESSAGES}/{number}?at=2031-01-0{day}T00:00:00Z")

    async def items(query: str) -> tuple[list[int], int]:
        listed = await old.get(f"{MESSAGES}?{query}")
        return [numbers.index(number) + 1 for number in listed["items"]], listed["total"]

    everything = ([1, 2, 3, 4, 5], 5)
    assert await items("text=temp.test") == everything
    assert await items("text=K2@") == ([], 0)
    assert await items("to=k2@") == ([2], 1)
    assert await items("from=lee@&to=k3") == ([3], 1)
    assert await items("from=nobody") == ([], 0)
    assert await items("text=k1@&from=nobody") == ([1], 1)
    assert await items("text=") == everything
    assert await items("before=2031-01-03T00:00:00Z") == ([1, 2], 2)
    assert await items("after=2031-01-03T00:00:00Z") == ([4, 5], 2)
    assert await items("before=2031-01-05T02:00:00%2B02:00&after=2031-01-02T00:00:00Z") == ([3, 4], 2)
    assert await items("before=2020-01-01T00:00:00Z") == everything
    assert await items("before=yesterday") == everything
    assert await items("page=2&limit=2") == ([3, 4], 5)
    assert await items("page=4&limit=2") == ([], 5)
    assert await items("page=2&limit=0") == everything
    assert await items("max-total=3&page=2&limit=2") == ([3], 3)
    assert await items(f"range-start={numbers[1]}&range-end={numbers[3]}") == ([2, 3, 4], 3)
    assert await items("filter=zz&unknown=1") == everything


async def test_reading_by_odd_paths(old) -> None:
    number = await queued(old, "kim@temp.test")
    message = await old.get(f"{MESSAGES}/{number}")
    for same in (f"{number}/", f"{number}/x", f"000{number}", f"+{number}", f"{number}?filter=zz"):
        assert await old.get(f"{MESSAGES}/{same}") == message, same
    for other in ("77", "abc", "-1", f"{number}%20", f"{number}&filter=zz", "0x10", "18446744073709551616"):
        assert await old.call("GET", f"{MESSAGES}/{other}") == (404, NOT_FOUND), other


async def test_bulk_changes_touch_what_the_filter_says(old) -> None:
    first, second, third = [await queued(old, f"k{position}@temp.test") for position in (1, 2, 3)]
    assert await old.patch(f"{MESSAGES}?text=k1@&at=2031-03-01T00:00:00Z") is True
    assert await old.patch(f"{MESSAGES}?text=nobody&at=2031-04-01T00:00:00Z") is False
    assert await old.patch(f"{MESSAGES}?text=k2@&values=1&at=2031-04-01T00:00:00Z") is False
    assert await old.patch(f"{MESSAGES}?text=k&limit=1&at=2031-05-01T00:00:00Z") is True
    due = {message["id"]: message["recipients"][0]["next_retry"] for message in (await old.get(f"{MESSAGES}?values=1"))["items"]}
    assert due[first] == "2031-05-01T00:00:00Z"
    assert max(due[second], due[third]) < "2031"

    assert await old.delete(f"{MESSAGES}?text=k1@&values=1") is False
    assert await old.delete(f"{MESSAGES}?to=k2@temp.test") is True
    assert (await old.get(MESSAGES))["items"] == [first, third]
    assert await old.delete(f"{MESSAGES}?after=2031-01-01T00:00:00Z") is True
    assert (await old.get(MESSAGES))["items"] == [third]
    assert await old.delete(f"{MESSAGES}?text=") is True
    assert (await old.get(MESSAGES))["items"] == []
    assert await old.delete(MESSAGES) is False


async def test_bulk_changes_refuse_what_they_cannot_read(old) -> None:
    number = await queued(old, "kim@temp.test")
    for query in ("txt=kim", "before=yesterday", "before=2020-01-01T00:00:00Z", "after=x", "queue=waytoolongname", "limit=x", "page=x", "max-total=x", "range-start=x"):
        for method in ("DELETE", "PATCH"):
            status, body = await old.call(method, f"{MESSAGES}?{query}")
            assert (status, body["error"]) == (200, "unsupported"), (method, query, body)
    assert await old.delete(f"{MESSAGES}?filter=nobody") is False
    assert (await old.get(MESSAGES))["items"] == [number]


async def test_pause_holds_new_mail_and_resume_delivers_it(old) -> None:
    assert await old.get("/api/queue/status") is True
    assert await old.patch("/api/queue/status/stop") is True
    assert await old.get("/api/queue/status") is False
    assert await old.patch("/api/queue/status/stop") is False

    await old.send("lee@sender.test", "kim@ok.test")
    held = await old.get(f"{MESSAGES}?values=1")
    assert held["status"] is False
    assert [recipient["status"] for recipient in held["items"][0]["recipients"]] == ["scheduled"]

    assert await old.patch("/api/queue/status/start") is False
    assert await old.patch("/api/queue/status/anything") is True
    old.wait()
    assert await old.get(MESSAGES) == {"items": [], "total": 0, "status": True}
    for target in ("/api/queue/status/", "/api/queue/status/x"):
        assert await old.call("GET", target) == (404, NOT_FOUND)


async def test_every_shape_for_readers_of_all_versions(union) -> None:
    await union.send("", "kim@temp.test", "lee@ok.test")
    (message,) = (await union.get(f"{MESSAGES}?values=1"))["items"]
    assert message["return_path"] == ""
    recipients = by_address(message)
    assert list(recipients["kim@temp.test"]["status"]) == ["temp_fail"]
    (temporary, accepted) = sorted(message["domains"], key=lambda domain: domain["name"], reverse=True)
    assert (temporary["name"], accepted["name"]) == ("temp.test", "ok.test")
    assert accepted["status"] == {"completed": ""}
    assert temporary["recipients"] == [{"address": "kim@temp.test", "status": {"temp_fail": "Code: 451, Enhanced code: 4.3.0, Message: try again later"}}]
    assert set(temporary) == {"name", "status", "recipients", "retry_num", "next_retry", "next_notify", "expires"}
