"""Runs the conformance programs of the new API against the simulator and compares with recordings of a real server.

    conformance.py --suite SUITE [--recorded DIR] [--only section,…] [--out DIR]

SUITE is the folder with `run.py` and `compare.py`; the recordings lie in `../jmap` beside it unless said otherwise. Every section gets a
simulator of its own in its own process, on a port the system chooses. Prints for each section how many of its lines are equal, how many
differ for a reason given in tests/conformance/rules.json, and which were left out. Exit code 1 when a difference stays unexplained.
"""

import argparse
import os
import re
import shlex
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "tests" / "conformance" / "rules.json"
SECTIONS = (
    *("session", "queue", "tasks", "actions", "reports-in", "reports-out", "blobs", "health", "logs", "tenant", "spam", "telemetry"),
    *("domains", "dkim", "accounts", "secrets", "app-slot", "keys", "self-service", "oauth"),
    *("kinds", "collections", "defaults", "effect"),
    *("lists", "roles", "tenants", "oauth-clients", "permissions", "bulk", "names-and-data"),
)
ADMIN = "admin:Admin-pass-1"
AT_ONCE = 4  # the programs mostly wait
RESTART = "import sys, urllib.request as ask; ask.urlopen(ask.Request(sys.argv[1], method='POST'))"
ROW = re.compile(r"^\| (?P<name>[\w.-]+) \| (?P<equal>\d+) \| (?P<ruled>\d+) \| (?P<different>\d+) \| (?P<missing>\d+) \| (?P<out>\d+) \|$", re.MULTILINE)


def start_simulator() -> tuple[subprocess.Popen[str], str]:
    """A fresh simulator and its base URL."""
    command = [sys.executable, "-m", "gateway", "simulate", "--listen", "127.0.0.1:0", "--admin", ADMIN]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None  # noqa: S101 - a pipe was asked for
    line = process.stdout.readline()
    base = re.search(r"http://[0-9.]+:[0-9]+", line)
    if not base:
        raise SystemExit(f"the simulator did not start: {line}")
    return process, base.group()


def run_section(suite: Path, name: str, out: Path) -> str:
    """Run one section's program; gives what it printed."""
    process, base = start_simulator()
    try:
        command = [sys.executable, str(suite / "run.py"), "--base", base, "--admin", ADMIN, "--inject", f"{base}/.simulator/inject"]
        command += ["--restart", shlex.join([sys.executable, "-c", RESTART, f"{base}/.simulator/restart"])]
        command += ["--out", str(out), "--only", name, "--verbose"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"})
        return done.stdout + done.stderr
    finally:
        process.terminate()
        process.wait()


def judge(suite: Path, recorded: Path, out: Path, name: str) -> tuple[str, str, int, str]:
    """Run and compare one section: its name, what the program printed, exit code and text of the comparison. Programs share names of files, so each has a folder of its own."""
    out = out / name
    out.mkdir(parents=True, exist_ok=True)
    said = run_section(suite, name, out)
    return name, said, *compare(suite, recorded, out, name)


def compare(suite: Path, recorded: Path, out: Path, name: str) -> tuple[int, str]:
    """Exit code and text of the comparison of one section."""
    command = [sys.executable, str(suite / "compare.py"), str(recorded), str(out), "--only", name, "--rules", str(RULES), "--max", "400"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"})
    return done.returncode, done.stdout + done.stderr


def main() -> int:
    """Run, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--suite", type=Path, required=True, help="folder of the programs")
    parser.add_argument("--recorded", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--out", type=Path, help="keep the new transcripts here")
    given = parser.parse_args()
    suite = given.suite.resolve()
    recorded = (given.recorded or suite.parent / "jmap").resolve()
    names = [name for name in given.only.split(",") if name] or SECTIONS
    failed = False
    with tempfile.TemporaryDirectory() as scratch:
        out = given.out.resolve() if given.out else Path(scratch)
        out.mkdir(parents=True, exist_ok=True)
        details = []
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for name, said, code, text in pool.map(lambda name: judge(suite, recorded, out, name), names):
                row = ROW.search(text)
                failed |= code != 0 or row is None or "stopped" in said
                print(summary(name, row), flush=True)
                details.append(f"== {name}\n{said.strip()}\n{explanations(text)}")
    print("\n" + "\n\n".join(details))
    return 1 if failed else 0


def summary(name: str, row: re.Match[str] | None) -> str:
    """One line on a section."""
    if row is None:
        return f"{name:14} could not be compared"
    equal, ruled, different, missing, out = (int(row[part]) for part in ("equal", "ruled", "different", "missing", "out"))
    return f"{name:14} {equal} of {equal + ruled + different + missing + out} equal, {ruled} by rule, {different} different, {missing} missing, {out} left out"


def explanations(text: str) -> str:
    """What was left out, which rules were used, and the differences."""
    lines = text.split("\n")
    return "\n".join(line for line in lines if line.startswith(("Left out", "Rule:", "Unexplained", "- ", "…")))


if __name__ == "__main__":
    sys.exit(main())
