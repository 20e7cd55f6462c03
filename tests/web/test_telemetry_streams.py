"""What the new server is asked for a live stream of telemetry."""

import pytest
from aiohttp import web


@pytest.fixture
def asked(server):
    """Paths of the streams that were opened; each holds one event."""
    paths = []

    async def answer(request):
        if request.path == "/api/schema":
            return web.Response(status=404)
        paths.append(request.raw_path)
        return web.Response(text="event: metrics\ndata: []\n\n", content_type="text/event-stream")

    server.other = answer
    return paths


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("traces/live", "tracing"),
        ("traces/live?filter=203.0.113.9&remote-ip=x", "tracing?filter=203.0.113.9"),
        ("traces/live?filter=a%26b%20c+%C3%A4", "tracing?filter=a%26b%20c%20%C3%A4"),
        ("traces/live?remote-ip=203.0&account-name=kim&nonsense=1", "tracing"),
        ("metrics/live", "metrics"),
        ("metrics/live?interval=5&metrics=queue.queue-message,%20server.memory", "metrics?interval=5&metrics=queue.message-queued,server.memory"),
        ("metrics/live?interval=0&x=1", "metrics"),
        ("metrics/live?interval=soon", "metrics"),
        ("metrics/live?metrics=&interval=007", "metrics?interval=7"),
    ],
)
async def test_parameters(start, asked, old, new):
    client = await start()
    answer = await client("GET", f"/api/telemetry/{old}")
    assert (answer.status, answer.body) == (200, b"event: metrics\ndata: []\n\n")
    assert asked == [f"/api/live/{new}"]
