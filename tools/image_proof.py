"""Carries out the steps of the Dockerfile in plain virtual environments and proves what they make.

The `pip` lines and the health check are read from the Dockerfile itself; `/src` and `/wheels` become temporary folders, each stage an
environment of its own. Proved: the wheel is built and installed without the source tree, the command and its data are there, the
health check passes while it serves.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text()
FILES = "from importlib import resources; print(*(f.name for f in (resources.files('gateway') / 'knowledge').iterdir()), (resources.files('gateway') / 'openapi.yaml').stat().st_size)"


def step(title: str, *command: str, cwd: Path, env: dict[str, str] | None = None) -> str:
    """Run one command, show it, give what it printed."""
    print(f"── {title}: {' '.join(command)[:160]}", flush=True)
    ran = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise SystemExit(f"failed:\n{ran.stdout}{ran.stderr}")
    return ran.stdout


def copied(scratch: Path) -> None:
    """What COPY takes from the source tree."""
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE):
        *sources, target = line.split()
        folder = scratch / target.strip("/")
        for source in sources:
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, folder, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                folder.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / source, folder)


def pip_lines(scratch: Path) -> list[list[str]]:
    """The pip commands of the Dockerfile, with its folders moved below `scratch`."""
    lines = [line.partition(" && ")[0] for line in re.findall(r"^RUN (pip .+)$", DOCKERFILE, re.MULTILINE)]
    return [[re.sub(r"^/(src|wheels)", f"{scratch}/\\1", word) for word in shlex.split(line)] for line in lines]


def environment(folder: Path) -> Path:
    """A plain virtual environment; gives its folder of commands."""
    venv.create(folder, with_pip=True)
    return folder / "bin"


def healthy(check: list[str], process: subprocess.Popen[bytes], port: int, commands: Path, scratch: Path) -> None:
    """The health check of the Dockerfile, against the port chosen here, until it passes."""
    words = [word.replace("127.0.0.1:8008", f"127.0.0.1:{port}") for word in check]
    for _ in range(100):
        if subprocess.run([commands / words[0], *words[1:]], cwd=scratch, capture_output=True, check=False).returncode == 0:
            return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise SystemExit("the health check never passed")


def served(commands: Path, scratch: Path) -> None:
    """Start what the image starts, with the image's settings and an upstream that is not there, and check its health."""
    command = [*json.loads(re.findall(r"^ENTRYPOINT (.+)$", DOCKERFILE, re.MULTILINE)[-1]), *json.loads(re.findall(r"^CMD (.+)$", DOCKERFILE, re.MULTILINE)[-1])]
    check = json.loads(re.findall(r"^HEALTHCHECK .*?CMD (.+)$", DOCKERFILE, re.MULTILINE)[-1])
    home = scratch / "home"
    home.mkdir()
    settings = {"GATEWAY_UPSTREAM": "http://127.0.0.1:9", "GATEWAY_LISTEN": "127.0.0.1:0", "PYTHONUNBUFFERED": "1"}
    log = scratch / "log"
    with log.open("wb") as file, subprocess.Popen([commands / command[0], *command[1:]], cwd=home, env=os.environ | settings, stdout=file, stderr=file) as process:
        try:
            port = _port(process, log)
            healthy(check, process, port, commands, scratch)
            print(f"── served: {' '.join(command)} answers its health check; ready says {_status(port, '/healthz/ready')} without an upstream")
        finally:
            process.terminate()
    if process.returncode:
        raise SystemExit(f"serve ended with status {process.returncode}:\n{log.read_text()}")


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    for _ in range(200):
        if found := re.search(r"http://127\.0\.0\.1:(\d+)", log.read_text()):
            return int(found[1])
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise SystemExit(f"serve did not start:\n{log.read_text()}")


def _status(port: int, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        return refusal.code


def main() -> int:
    """All steps in order."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        empty = scratch / "empty"
        empty.mkdir()
        copied(scratch)
        wheel, install = pip_lines(scratch)
        step("first stage", str(environment(scratch / "build") / wheel[0]), *wheel[1:], cwd=empty)
        commands = environment(scratch / "run")
        step("second stage", str(commands / install[0]), *install[1:], cwd=empty)
        print(step("help", str(commands / "stalwart-gateway"), "--help", cwd=empty).splitlines()[0])
        print(step("data", str(commands / "python"), "-c", FILES, cwd=empty).strip())
        served(commands, scratch)
    return 0


if __name__ == "__main__":
    sys.exit(main())
