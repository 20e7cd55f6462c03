"""Runs a recorded old client's scenario against gateway and simulator and tells what differs from the recorded server.

    tools/scenario.py --scenario FOLDER [--only queue,reports] [--out new.jsonl]

FOLDER holds the program (`legacy_scenario.py`), the recording of a real old server (`*.jsonl.gz`) and its comparer (`compare.py`). Every section
meets a fresh gateway and a fresh simulator whose seed holds what the section would prepare for itself. A line of the recording is then

    equal         the gateway answered the same
    explained     it differs by a rule of tests/scenario/rules.toml, which names its reason
    unexplained   it differs: a defect
    pending       its endpoint is not served yet
    left out      the recording holds no answer to compare with

Ends with status 1 when a line is unexplained or a rule explains nothing.
"""

import argparse
import asyncio
import importlib.util
import json
import sys
import tempfile
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from gateway.app import collect_rows
from gateway.commands.pair import Pair, pair
from gateway.contract import PathTable, Spec
from gateway.simulator.world import Config

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "tests/scenario/rules.toml"
ADMIN = ("admin", "Scenario-admin-1")
PROFILE = {"legacy_version": "0.15", "plain_passwords": "hash", "secrets_memory": "hashes", "log_level": "error"}
KINDS = ("equal", "explained", "unexplained", "pending", "left out")
MOST_SHOWN = 300
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass
class Verdict:
    """What became of the lines of one section: how many of each kind, the differences nobody explained, how often each reason explained one."""

    counts: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)


class Yardstick:
    """The recording, its comparer and our rules."""

    def __init__(self, folder: Path, rules: list[dict[str, str]]) -> None:
        self.compare = _module(folder / "compare.py")
        recording = next(folder.glob("*.jsonl.gz"))
        self.expected: dict[str, Any] = self.compare.load(str(recording))
        self.lines = [row for row in _rows(recording, self.compare) if row["label"] != "_aliases"]
        with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
            json.dump(rules, file)
            file.flush()
            self.rules = self.compare.Rules(file.name)
        spec = Spec.load()
        self._paths = PathTable(spec.operations, "0.15", spec.guards)
        self._table = collect_rows(spec)

    def judge(self, section: str, recorded: Path) -> Verdict:
        """Compare the lines of one section with a new recording of it."""
        got = self.compare.load(str(recorded))
        verdict = Verdict()
        for line in self.lines:
            label = line["label"]
            if label.split(".")[0] != section:
                continue
            if label not in self.expected:
                verdict.counts["left out"] += 1
            elif self._pending(line["request"]):
                verdict.counts["pending"] += 1
            else:
                verdict.counts[self._line(label, got.get(label), verdict)] += 1
        return verdict

    def _line(self, label: str, new: Any, verdict: Verdict) -> str:
        if new is None:
            # A line that depends on an earlier one, which may be refused for a reason.
            reason = self.rules.explain(label, "", "missing", None, None)
            if reason:
                verdict.reasons[reason] += 1
                return "explained"
            verdict.differences.append(f"{label}: no such line in the new recording")
            return "unexplained"
        kind = "equal"
        for path, sort, old_value, new_value in self.compare.compare(self.expected[label], new):
            reason = self.rules.explain(label, path, sort, old_value, new_value)
            if reason:
                verdict.reasons[reason] += 1
                kind = "explained" if kind == "equal" else kind
            else:
                short = self.compare.short
                verdict.differences.append(f"{label} {path} {sort}: recorded `{short(old_value)}` now `{short(new_value)}`")
                kind = "unexplained"
        return kind

    def _pending(self, request: dict[str, Any]) -> bool:
        """Whether the path belongs to an endpoint that is not served yet, whatever the method."""
        if request["method"] not in METHODS:
            return False
        path = request["target"].partition("?")[0]
        found = [self._paths.find(method, path) for method in (request["method"], *METHODS)]
        return any(match is not None and self._table[match.operation.id].status == "pending" for match in found)


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("recorded_compare", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} cannot be read as a Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _rows(path: Path, compare: ModuleType) -> list[dict[str, Any]]:
    opener = compare.gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


async def _record(section: str, folder: Path, out: Path) -> None:
    """Run one section of the program against a gateway and a simulator that were started for it."""
    config = Config(admin=ADMIN, seed=f"scenario-{section}")
    async with pair(config, **PROFILE) as both:
        await _program(section, folder, out, both)


async def _program(section: str, folder: Path, out: Path, both: Pair) -> None:
    command = [str(folder / "legacy_scenario.py"), "--base", both.gateway, "--admin", ":".join(ADMIN), "--inject", both.inject, "--out", str(out), "--only", section, "--allow-restart"]
    process = await asyncio.create_subprocess_exec(sys.executable, *command)
    if await process.wait():
        raise SystemExit(f"the program ended with status {process.returncode} in section {section}")


def _merge(parts: list[Path], out: Path) -> None:
    """One recording of several: lines in order, what the ids mean in one last line."""
    aliases: dict[str, str] = {}
    with out.open("w", encoding="utf-8") as file:
        for part in parts:
            for line in part.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                if row["label"] == "_aliases":
                    aliases = row["response"]["body"]["json"] | aliases
                    last = row
                else:
                    file.write(line + "\n")
        last["response"]["body"]["json"] = aliases
        file.write(json.dumps(last, ensure_ascii=False) + "\n")


def _report(verdicts: dict[str, Verdict], unused: list[str]) -> int:
    print(f"\n{'section':14}{'lines':>7}" + "".join(f"{kind:>13}" for kind in KINDS))
    totals: Counter[str] = Counter()
    for section, verdict in verdicts.items():
        totals += verdict.counts
        print(f"{section:14}{sum(verdict.counts.values()):7}" + "".join(f"{verdict.counts[kind]:13}" for kind in KINDS))
    print(f"{'total':14}{sum(totals.values()):7}" + "".join(f"{totals[kind]:13}" for kind in KINDS))
    reasons: Counter[str] = sum((verdict.reasons for verdict in verdicts.values()), Counter())
    if reasons:
        print("\nExplained differences:")
        print("\n".join(f"{number:5}  {reason}" for reason, number in reasons.most_common()))
    differences = [difference for verdict in verdicts.values() for difference in verdict.differences]
    if differences:
        print("\nUnexplained differences:")
        print("\n".join(f"  {difference}" for difference in differences[:MOST_SHOWN]).replace("\r", "\\r"))
        if len(differences) > MOST_SHOWN:
            print(f"  … and {len(differences) - MOST_SHOWN} more; the comparer shows all of a recording made with --out")
    if unused:
        print("\nRules that explain nothing:")
        print("\n".join(f"  {rule}" for rule in unused))
    return int(bool(differences or unused))


def _unused(yardstick: Yardstick, sections: list[str]) -> list[str]:
    """Rules of the sections that explained nothing, except those whose difference depends on the second in which things happen."""
    return [
        f"{rule['label']} {rule.get('path', '*')}: {rule['reason']}"
        for rule in yardstick.rules.rules
        if not rule["_used"] and not rule.get("timing") and rule["label"].split(".")[0] in sections
    ]


async def _sections(folder: Path) -> list[str]:
    process = await asyncio.create_subprocess_exec(sys.executable, str(folder / "legacy_scenario.py"), "--list", stdout=asyncio.subprocess.PIPE)
    printed, _ = await process.communicate()
    return printed.decode().split()


async def _run(folder: Path, only: list[str], out: Path | None) -> int:
    yardstick = Yardstick(folder, tomllib.loads(RULES.read_text(encoding="utf-8"))["rule"])
    sections = only or await _sections(folder)
    with tempfile.TemporaryDirectory() as scratch:
        parts = {section: Path(scratch, f"{section}.jsonl") for section in sections}
        for section, part in parts.items():
            await _record(section, folder, part)
        if out:
            _merge(list(parts.values()), out)
        verdicts = {section: yardstick.judge(section, part) for section, part in parts.items()}
    return _report(verdicts, _unused(yardstick, sections))


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", required=True, type=Path, help="folder with the program, the recording and the comparer (make: SCENARIO=folder)")
    parser.add_argument("--only", default="", help="comma list of sections; all when left out")
    parser.add_argument("--out", type=Path, help="where the new recording goes")
    arguments = parser.parse_args()
    if not (arguments.scenario / "legacy_scenario.py").is_file():
        parser.error(f"{arguments.scenario} holds no legacy_scenario.py")
    return asyncio.run(_run(arguments.scenario, [name for name in arguments.only.split(",") if name], arguments.out))


if __name__ == "__main__":
    sys.exit(main())
