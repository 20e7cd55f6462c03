"""The demo as somebody meets it who has just fetched the project."""

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests


def carried_out(line: str) -> Any:
    """The JSON that a curl line gives; it uses nothing of curl but `-u`, `-X` and an address."""
    words = shlex.split(line)
    options = dict(zip(words[1:-1:2], words[2:-1:2], strict=True))
    assert options.keys() <= {"-u", "-X"}, line
    return requests.request(options.get("-X", "GET"), words[-1], auth=tuple(options["-u"].split(":")), timeout=10).json()


def demo(tmp_path: Path, *arguments: str) -> "subprocess.Popen[str]":
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    return subprocess.Popen(
        [sys.executable, "-m", "gateway", "demo", *arguments], env=environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def test_its_calls_work_and_ctrl_c_leaves_nothing_behind(tmp_path) -> None:
    with demo(tmp_path) as process:
        printed = ""
        while "Ctrl-C" not in printed:
            line = process.stdout.readline()
            assert line, printed
            printed += line
        lines = re.findall(r"^ +(curl .+)$", printed, re.MULTILINE)
        assert len(lines) == 3
        listed, changed, report = (carried_out(line)["data"] for line in lines)
        assert len(listed["items"]) == 2
        assert changed is True
        assert report["report"]["report_metadata"]["org_name"]
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=15)
    assert (process.returncode, rest) == (0, "Stopping …\nStopped.\n")
    assert list(tmp_path.iterdir()) == []


def test_it_stops_by_itself(tmp_path) -> None:
    with demo(tmp_path, "--seconds", "0.5") as process:
        printed, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Stops by itself after 0.5 seconds." in printed
    assert printed.endswith("Stopped.\n")
    assert list(tmp_path.iterdir()) == []
