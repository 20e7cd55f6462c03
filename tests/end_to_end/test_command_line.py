"""The old command line at work on queue and reports (clients 4.2), and what its early versions asked of domains (4.4)."""

import pytest

from . import readers as read
from .programs import Program

MESSAGE = read.record({
    "id": read.count, "return_path": read.text, "created": read.instant, "size": read.count, "blob_hash": read.text,
    "recipients": read.each(read.record({"address": read.text, "status": read.status, "queue": read.text, "retry_num": read.count})),
})  # fmt: skip


async def test_the_queue(union) -> None:
    """Ids alone, then one call for each; people see and type them in hexadecimal."""
    cli = Program(union, content_type=None)
    for number in range(3):
        await union.send("kim@far.test", f"box{number}@temp.test")
    listed = read.page(read.count)(await cli.get("/api/queue/messages"))
    shown = [f"{MESSAGE(await cli.get(f'/api/queue/messages/{id_}'))['id']:x}" for id_ in listed["items"]]
    assert len(shown) == listed["total"] == 3
    assert listed["items"] == sorted(listed["items"])
    first, second, _ = (int(it, 16) for it in shown)
    assert await cli.data("PATCH", f"/api/queue/messages/{first}") is True
    assert await cli.data("DELETE", f"/api/queue/messages/{second}") is True
    for method in ("GET", "PATCH", "DELETE"):
        assert (await cli.send(method, f"/api/queue/messages/{second}"))[0] == 404
    # Its filters are appended to the path, which makes another one; nothing must happen without them.
    before = await cli.get("/api/queue/messages?values=1")
    for method, target in (
        ("GET", "/api/queue/messages&from=kim@far.test"),
        ("PATCH", "/api/queue/messages&from=kim@far.test"),
        ("DELETE", "/api/queue/messages&from=nobody@far.test"),
        ("PATCH", f"/api/queue/messages/{first}&filter=nobody&at=2090-01-01T00:00:00Z"),
        ("DELETE", f"/api/queue/messages/{first}&filter=nobody"),
    ):
        assert (await cli.send(method, target))[0] == 404, target
    assert await cli.get("/api/queue/messages?values=1") == before


async def test_reports(union) -> None:
    cli = Program(union, content_type=None)
    await union.send("user@sender.test", "or-box@example.org")
    listed = read.page(read.outgoing_id)(await cli.get("/api/queue/reports"))
    assert listed["total"] == len(listed["items"]) > 0
    for id_ in listed["items"]:
        read.outgoing(await cli.get(f"/api/queue/reports/{id_}"))
        assert (await cli.send("DELETE", "/api/queue/reports&domain=nothing.test&type=tls"))[0] == 404
        assert await cli.data("DELETE", f"/api/queue/reports/{id_}") is True
        assert (await cli.send("GET", f"/api/queue/reports/{id_}"))[0] == 404
    assert (await cli.get("/api/queue/reports"))["items"] == []


@pytest.mark.parametrize(
    ("method", "target"), [("GET", "/api/domain"), ("POST", "/api/domain/acme.test"), ("DELETE", "/api/domain/acme.test"), ("GET", "/api/domain?from=a&limit=5")]
)
async def test_domain_commands_of_early_versions_find_no_route(union, method: str, target: str) -> None:
    """Servers since v0.10 have not had it; nothing is made or lost."""
    client = Program(union, content_type=None)
    before = await client.get("/api/principal?types=domain")
    assert (await client.send(method, target))[0] == 404
    assert await client.get("/api/principal?types=domain") == before
