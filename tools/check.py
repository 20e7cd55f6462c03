"""Lint, types, import rules and tests, one after the other, with the time each took. Ends with status 1 when one failed."""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

STEPS = {
    "lint": [BIN / "ruff", "check", "--quiet", "."],
    "types": [BIN / "mypy", "--no-error-summary"],
    "import rules": [BIN / "lint-imports", "--no-logo"],
    "tests": [sys.executable, "-m", "pytest", "-m", "not perf", *sys.argv[1:]],
}


def main() -> int:
    """Run every step, also after a failed one, and print the table."""
    rows = []
    for name, command in STEPS.items():
        print(f"── {name}", flush=True)
        began = time.monotonic()
        done = subprocess.run([str(part) for part in command], cwd=ROOT, check=False)
        rows.append((name, done.returncode, time.monotonic() - began))
    print("──")
    for name, code, seconds in rows:
        print(f"{name:14}{'ok' if code == 0 else 'FAILED':8}{seconds:7.1f} s")
    print(f"{'total':22}{sum(seconds for *_, seconds in rows):7.1f} s")
    return int(any(code for _, code, _ in rows))


if __name__ == "__main__":
    sys.exit(main())
