"""The peer: a bare aiohttp reverse proxy.  proxy.py UPSTREAM [TIMES].

It forwards method, path, headers and body and gives the answer back; nothing else. TIMES asks the upstream that often for one request, as a
gateway must that reads before it writes. The port is printed when it listens.
"""

import asyncio
import sys

from aiohttp import ClientSession, DummyCookieJar, TCPConnector, web

UPSTREAM = sys.argv[1]
TIMES = int(sys.argv[2]) if len(sys.argv) > 2 else 1  # noqa: PLR2004 - the second argument
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "host", "content-length"}
SESSION = web.AppKey("session", ClientSession)


async def forward(request: web.Request) -> web.Response:
    """One request there, its answer back."""
    body = await request.read()
    headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP}
    for _ in range(TIMES):
        async with request.app[SESSION].request(request.method, UPSTREAM + request.raw_path, headers=headers, data=body, allow_redirects=False) as answer:
            content = await answer.read()
    kept = {name: value for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP}
    return web.Response(body=content, status=answer.status, headers=kept)


async def main() -> None:
    """Serve until ended."""
    app = web.Application()
    app[SESSION] = ClientSession(connector=TCPConnector(limit=100), cookie_jar=DummyCookieJar(), auto_decompress=False)
    app.router.add_route("*", "/{path:.*}", forward)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"listening on http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    try:
        import uvloop
    except ImportError:
        asyncio.run(main())
    else:
        uvloop.run(main())
