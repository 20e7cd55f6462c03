"""The performance budgets, measured as `make bench` does."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.perf
ROOT = Path(__file__).resolve().parents[2]


def test_every_budget_is_kept() -> None:
    ran = subprocess.run([sys.executable, "tools/bench.py", "--json"], cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert ran.stdout, ran.stderr
    rows = json.loads(ran.stdout)
    assert len(rows) == 34
    assert [row for row in rows if not row["kept"]] == []


def test_large_contents_are_not_held() -> None:
    ran = subprocess.run([sys.executable, "tools/bench.py", "--only", "contents", "--json"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert ran.stdout, ran.stderr
    rows = json.loads(ran.stdout)
    assert [(row["unit"], row["budget"]) for row in rows] == [("MB more", 3.0)] * 4
    assert [row for row in rows if not row["kept"]] == []


def test_live_events_do_not_wait() -> None:
    ran = subprocess.run([sys.executable, "tools/bench.py", "--only", "streams", "--json"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert ran.stdout, ran.stderr
    rows = json.loads(ran.stdout)
    assert [(row["unit"], row["budget"]) for row in rows] == [("ms", 100.0)] * 2
    assert [row for row in rows if not row["kept"]] == []
