"""`/metrics/prometheus`: on and off, with a password of its own, after a reload (recordings `health.prometheus`)."""

RELOAD = ("x:Action/set", {"create": {"a": {"@type": "ReloadSettings"}}})


def prometheus(setting):
    return ("x:Metrics/set", {"update": {"singleton": {"prometheus": setting}}})


async def status(server, user):
    return (await server.ask("GET", "/metrics/prometheus", user=user)).status


async def test_counters_are_shown_after_a_reload(server):
    assert await status(server, None) == 404
    await server.batch(prometheus({"@type": "Enabled"}))
    assert await status(server, None) == 404
    await server.batch(RELOAD)
    answer = await server.ask("GET", "/metrics/prometheus", user=None)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/plain; version=0.0.4")
    assert b"# TYPE jmap_method_call counter\njmap_method_call 2\n" in answer.raw


async def test_the_counters_have_a_password_of_their_own(server):
    secret = {"@type": "Value", "secret": "a canary of prometheus"}
    await server.batch(prometheus({"@type": "Enabled", "authUsername": "prom", "authSecret": secret}), RELOAD)
    asked = [await status(server, user) for user in (None, ("prom", secret["secret"]), ("prom", "another canary"), ("admin", "Canary-admin-1"))]
    assert asked == [401, 200, 401, 401]
    await server.batch(prometheus({"@type": "Disabled"}), RELOAD)
    assert await status(server, None) == 404


async def test_health_needs_nobody(server):
    for method in ("GET", "HEAD", "POST", "PUT", "OPTIONS"):
        assert (await server.ask(method, "/healthz/live", user=None)).status == 200
    assert (await server.ask("GET", "/healthz/ready", user=None)).json == {"type": "about:blank", "title": "OK", "status": 200, "detail": "OK"}
    assert (await server.ask("GET", "/healthz", user=None)).status == 404
