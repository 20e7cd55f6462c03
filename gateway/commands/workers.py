"""Several processes that share one port (SO_REUSEPORT), and the process that looks after them."""

import asyncio
import logging
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from prometheus_client.multiprocess import mark_process_dead

from gateway.app import check_operations, check_webadmin, specification, tls_context
from gateway.commands.run import reason, run
from gateway.commands.serving import serve
from gateway.settings import Settings, host_port
from gateway.web import logs

RESTART_SECONDS = 1.0
KILL_SECONDS = 5.0

_log = logging.getLogger(__name__)
_spawn = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class _Worker:
    """A process and the pipe through which it tells its address; the pipe's end also tells it that we are gone."""

    process: BaseProcess
    pipe: Connection


def supervise(settings: Settings) -> int:
    """Keep `settings.workers` processes serving until SIGTERM or Ctrl-C; 1 when the first ones cannot begin.

    SettingsError for what only shows at start, before there are processes.
    """
    tls_context(settings)
    check_operations(settings, specification())
    check_webadmin(settings)
    wake, waker = socket.socketpair()
    waker.setblocking(False)
    signal.set_wakeup_fd(waker.fileno())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    try:
        reserved = _reserve(settings)
    except OSError as error:
        print(f"stalwart-gateway: cannot listen on {settings.listen}: {reason(error)}", file=sys.stderr)
        return 1
    with reserved, tempfile.TemporaryDirectory(prefix="stalwart-gateway-metrics-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        shared = _share(settings, reserved.getsockname())
        workers = [_start(shared) for _ in range(settings.workers)]
        try:
            return _watch(workers, shared, wake)
        finally:
            _stop(workers, settings.timeouts.drain)


def _watch(workers: list[_Worker], shared: dict[str, Any], wake: socket.socket) -> int:
    """Announce the address once all listen; replace processes that end by themselves."""
    silent = {id(worker) for worker in workers}
    announced = False
    while True:
        ready = wait([wake, *(worker.process.sentinel for worker in workers), *(worker.pipe for worker in workers if id(worker) in silent)])
        if wake in ready:
            return 0
        for worker in tuple(workers):
            if worker.pipe in ready and worker.process.sentinel not in ready:
                try:
                    url = worker.pipe.recv()
                except EOFError:
                    # It is ending, as its sentinel says in a moment.
                    continue
                silent.discard(id(worker))
                if not silent and not announced:
                    announced = True
                    print(f"listening on {url}", flush=True)
            if worker.process.sentinel in ready:
                worker.process.join()
                if not announced:
                    return 1
                mark_process_dead(worker.process.pid)  # type: ignore[no-untyped-call]  # the library has no types here
                _log.error("a worker ended with status %s; starting another one", worker.process.exitcode)
                time.sleep(RESTART_SECONDS)
                workers.remove(worker)
                workers.append(_start(shared))
                silent.discard(id(worker))
                silent.add(id(workers[-1]))


def _stop(workers: list[_Worker], drain: float) -> None:
    for worker in workers:
        if worker.process.is_alive():
            worker.process.terminate()
    ends = time.monotonic() + drain + KILL_SECONDS
    for worker in workers:
        worker.process.join(max(0.0, ends - time.monotonic()))
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()


def _start(shared: dict[str, Any]) -> _Worker:
    ours, theirs = _spawn.Pipe()
    process = _spawn.Process(target=_work, args=(shared, theirs))
    process.start()
    theirs.close()
    return _Worker(process, ours)


def _work(shared: dict[str, Any], pipe: Connection) -> None:
    """What a worker does."""
    settings = Settings(**shared)
    logs.configure(settings)

    def listening(url: str, stop: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()

        def orphaned() -> None:
            loop.remove_reader(pipe.fileno())
            stop()

        pipe.send(url)
        loop.add_reader(pipe.fileno(), orphaned)

    sys.exit(run(serve(settings, listening)))


def _reserve(settings: Settings) -> socket.socket:
    """A socket that is bound and never listens: it holds the port, which the system may have chosen, for the workers."""
    host, port = host_port(settings.listen)
    family, kind, protocol, _, address = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    reserved = socket.socket(family, kind, protocol)
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        reserved.bind(address)
    except OSError:
        reserved.close()
        raise
    return reserved


def _share(settings: Settings, address: tuple[Any, ...]) -> dict[str, Any]:
    """Settings of a worker: the port that was found, and its part of what one account may do at once."""
    host, port = address[:2]
    shared = settings.model_dump()
    shared["listen"] = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    shared["limits"]["concurrency"] = max(1, settings.limits.concurrency // settings.workers)
    return shared
