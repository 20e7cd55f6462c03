"""Runs a recorded old client's scenario against gateway and simulator and tells what differs from the recorded server.

    tools/scenario.py --scenario FOLDER [--only queue,reports] [--out new.jsonl]

FOLDER holds the program (`legacy_scenario.py`), the recording of a real old server (`*.jsonl.gz`) and its comparer (`compare.py`). Every section
meets a fresh gateway and a fresh simulator whose seed holds what the section would prepare for itself. A line of the recording is then

    equal         the gateway answered the same
    explained     it differs by an entry of tests/scenario/rules.toml, which names its reason
    unexplained   it differs: a defect
    pending       it differs, and rules.toml names what it needs and is not served yet
    left out      the recording holds no answer to compare with

Ends with status 1 when a line is unexplained or an entry of rules.toml explains nothing.
"""

import argparse
import asyncio
import importlib.util
import json
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from re import Pattern
from types import ModuleType
from typing import Any

from gateway.commands.pair import Pair, pair
from gateway.simulator.world import Config

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "tests/scenario/rules.toml"
ADMIN = ("admin", "Scenario-admin-1")
PROFILE = {"legacy_version": "0.15", "plain_passwords": "hash", "secrets_memory": "hashes", "store_aliases": ["default", "sqlite"], "service_credential": ":".join(ADMIN), "log_level": "error"}
KINDS = ("equal", "explained", "unexplained", "pending", "left out")
MOST_SHOWN = 300


@dataclass
class Verdict:
    """What became of the lines of one section: how many of each kind, the differences nobody explained, those that wait, how often each reason explained one."""

    counts: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)


@dataclass
class Entry:
    """Lines that rules.toml says something about.

    `names`: principals that the recorded server had and ours has not. Recorded lists are compared as if these had not been there.
    `pending`: the lines wait for something that is not served yet: all of them, or those with the names.
    """

    section: str
    label: Pattern[str]
    names: list[Pattern[str]]
    reason: str
    pending: bool
    used: bool = False

    def has(self, name: str) -> bool:
        """Whether the principal of that name is absent for this reason."""
        return any(pattern.match(name) for pattern in self.names)


class Lists:
    """The lists of principals in a recording, without those that are rightly absent."""

    def __init__(self, lines: list[dict[str, Any]], entries: list[Entry], parts: list[tuple[Pattern[str], str]]) -> None:
        data = {row["label"]: body["data"] for row in lines if _is_list(body := _json(row))}
        self._names = {item["id"]: item["name"] for it in data.values() for item in it["items"] if "name" in item}
        wholes = {label: list(it["items"]) for label, it in data.items()}
        self.entries: dict[str, list[Entry]] = {}
        for label, it in data.items():
            whole = next((wholes[of] for pattern, of in parts if pattern.match(label)), wholes[label])
            found = self._cut(it, whole, [entry for entry in entries if entry.label.match(label)])
            if found:
                self.entries[label] = found

    def _cut(self, data: dict[str, Any], whole: list[Any], entries: list[Entry]) -> list[Entry]:
        """Take absent principals out of a list, or out of the whole list of which it is a part; the entries that named any."""
        found: list[Entry] = []

        def absent(name: str) -> bool:
            by = next((entry for entry in entries if entry.has(name)), None)
            found.extend([by] if by and by not in found else [])
            return by is not None

        shown = data["items"]
        start = whole.index(shown[0]) if shown else len(whole)
        end = start + len(shown) if start + len(shown) < len(whole) else None
        kept = [item for item in whole if not absent(self._names.get(item["id"], ""))]
        data["items"] = [_without(item, absent) for item in kept[start:end]]
        data["total"] -= len(whole) - len(kept)
        for entry in found:
            entry.used = True
        return found


@dataclass
class Values:
    """Values of a recorded list that rightly are not in ours (`gone`), or are in ours only (`new`), or an order that is not kept."""

    label: Pattern[str]
    path: str
    gone: list[str]
    new: list[str]
    any_order: bool
    reason: str
    used: bool = False

    def adapt(self, old: Any, new: Any) -> bool:
        """Make the recorded list what ours should be, and sort both where the order is free; whether anything changed."""
        *way, member = self.path.split(".")
        for step in way:
            old, new = (it.get(step) if isinstance(it, dict) else None for it in (old, new))
        if not isinstance(old, dict) or not isinstance(new, dict):
            return False
        recorded, received = old.get(member, []), new.get(member, [])
        if not isinstance(recorded, list) or not isinstance(received, list):
            return False
        wanted = [it for it in recorded if it not in self.gone]
        wanted += [it for it in self.new if it not in wanted]
        ours = received
        if self.any_order or self.new:
            ours, wanted = sorted(received), sorted(wanted)
        if (wanted, ours) == (recorded, received):
            return False
        for it, values in ((old, wanted), (new, ours)):
            it.pop(member, None)
            it.update({member: values} if values else {})
        return True


class Yardstick:
    """The recording, its comparer and our rules."""

    def __init__(self, folder: Path, book: dict[str, list[dict[str, Any]]]) -> None:
        self.compare = _module(folder / "compare.py")
        self.entries = [self._entry(it, pending=kind == "pending") for kind in ("absent", "pending") for it in book.get(kind, ())]
        rows = _rows(next(folder.glob("*.jsonl.gz")), self.compare)
        self.lines = [row for row in rows if row["label"] != "_aliases"]
        parts = [(self.compare.glob(it["label"]), it["of"]) for it in book["part"]]
        self._lists = Lists(self.lines, [it for it in self.entries if it.names], parts)
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
            file.flush()
            self.expected: dict[str, Any] = self.compare.load(file.name)
        with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
            json.dump([it | {"label": label} for it in book["rule"] for label in _labels(it)], file)
            file.flush()
            self.rules = self.compare.Rules(file.name)
        self.values = [
            Values(self.compare.glob(label), it["path"], it.get("gone", []), it.get("new", []), it.get("any_order", False), it["reason"])
            for it in book["values"]
            for label in _labels(it)
        ]

    def judge(self, section: str, recorded: Path) -> Verdict:
        """Compare the lines of one section with a new recording of it."""
        got = self.compare.load(str(recorded))
        verdict = Verdict()
        for line in self.lines:
            label = line["label"]
            if _section(label) != section:
                continue
            if label not in self.expected:
                verdict.counts["left out"] += 1
            else:
                verdict.counts[self._line(label, got.get(label), verdict)] += 1
        return verdict

    def _line(self, label: str, new: Any, verdict: Verdict) -> str:
        explained, differences = self._differences(label, new)
        absent = self._lists.entries.get(label, [])
        waits = [it for it in self.entries if it.pending and not it.names and it.label.match(label)] if differences else []
        if waits:
            waits[0].used = True
            verdict.waiting += differences
            return "pending"
        verdict.reasons.update((*explained, *(it.reason for it in absent if not it.pending)))
        verdict.differences += differences
        if differences:
            return "unexplained"
        return "pending" if any(it.pending for it in absent) else "explained" if explained or absent else "equal"

    def _differences(self, label: str, new: Any) -> tuple[list[str], list[str]]:
        """Reasons of explained differences of a line, and the other differences."""
        if new is None:
            # A line that depends on an earlier one, which may be refused for a reason.
            reason = self.rules.explain(label, "", "missing", None, None)
            return ([reason], []) if reason else ([], [f"{label}: no such line in the new recording"])
        old = self.expected[label]
        found = list(self.compare.compare(old, new))
        whole = self._whole(label, old.body, new.body) if any(map(_of_body, found)) else None
        explained = [whole] if whole else []
        if whole:
            found = [it for it in found if not _of_body(it)]
        elif found:
            explained = self._adapt(label, {it[0] for it in found}, old, new)
            found = list(self.compare.compare(old, new))
        differences, short = [], self.compare.short
        for path, sort, old_value, new_value in found:
            reason = self.rules.explain(label, path, sort, old_value, new_value)
            if reason:
                explained.append(reason)
            else:
                differences.append(f"{label} {path} {sort}: recorded `{short(old_value)}` now `{short(new_value)}`")
        return explained, differences

    def _whole(self, label: str, old: Any, new: Any) -> str | None:
        """Why one complete body rightly stands in place of another one."""
        a, b = (json.dumps(body, ensure_ascii=False, sort_keys=True) for body in (old, new))
        for rule in self.rules.rules:
            if rule.get("path") == "body" and rule["_l"].match(label) and rule["_a"].match(a) and rule["_b"].match(b):
                rule["_used"] += 1
                return str(rule["reason"])
        return None

    def _adapt(self, label: str, paths: set[str], old: Any, new: Any) -> list[str]:
        """Reasons of the recorded lists that had to be made what ours should be."""
        reasons = []
        for it in self.values:
            if it.label.match(label) and any(path.startswith(it.path) for path in paths) and it.adapt(old.body, new.body):
                it.used = True
                reasons.append(it.reason)
        return reasons

    def _entry(self, it: dict[str, Any], *, pending: bool) -> Entry:
        glob = self.compare.glob
        return Entry(_section(it["label"]), glob(it["label"]), [glob(name) for name in it.get("names", ())], it["reason"], pending)


def _section(label: str) -> str:
    return label.partition(".")[0]


def _labels(it: dict[str, Any]) -> list[str]:
    """The labels of an entry, which names one or several."""
    return it["label"] if isinstance(it["label"], list) else [it["label"]]


def _of_body(difference: tuple[str, str, Any, Any]) -> bool:
    path, sort, *_ = difference
    return sort not in ("status", "header", "request") and path != "escapes"


def _json(row: dict[str, Any]) -> Any:
    return ((row.get("response") or {}).get("body") or {}).get("json")


def _is_list(body: Any) -> bool:
    """Whether a body is a list of principals, or of part of them."""
    data = body.get("data") if isinstance(body, dict) else None
    items = data.get("items") if isinstance(data, dict) else None
    return isinstance(items, list) and all(isinstance(item, dict) and "type" in item and isinstance(item.get("id"), int) for item in items)


def _without(item: dict[str, Any], absent: Callable[[str], bool]) -> dict[str, Any]:
    """A principal whose members and memberships do not name those that are absent."""
    kept = {
        member: [name for name in item[member] if not absent(name)]
        for member in ("members", "memberOf", "lists")
        if isinstance(item.get(member), list)
    }
    return {member: value for member, value in (item | kept).items() if member not in kept or value}


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
    _show("Pending differences", [difference for verdict in verdicts.values() for difference in verdict.waiting])
    differences = [difference for verdict in verdicts.values() for difference in verdict.differences]
    _show("Unexplained differences", differences)
    _show("Rules that explain nothing", unused)
    return int(bool(differences or unused))


def _show(title: str, lines: list[str]) -> None:
    if lines:
        print(f"\n{title}:")
        print("\n".join(f"  {line}" for line in lines[:MOST_SHOWN]).replace("\r", "\\r"))
    if len(lines) > MOST_SHOWN:
        print(f"  … and {len(lines) - MOST_SHOWN} more; the comparer shows all of a recording made with --out")


def _unused(yardstick: Yardstick, sections: list[str]) -> list[str]:
    """Entries for the sections that explained nothing, except those whose difference depends on the second in which things happen."""
    rules = [(it["label"], it["reason"]) for it in yardstick.rules.rules if not it["_used"] and not it.get("timing")]
    others = [(it.section, it.reason) for it in yardstick.entries if not it.used]
    others += [(it.label.pattern.replace("\\", ""), it.reason) for it in yardstick.values if not it.used]
    return [f"{label}: {reason}" for label, reason in (*rules, *others) if _section(label) in sections]


async def _sections(folder: Path) -> list[str]:
    process = await asyncio.create_subprocess_exec(sys.executable, str(folder / "legacy_scenario.py"), "--list", stdout=asyncio.subprocess.PIPE)
    printed, _ = await process.communicate()
    return printed.decode().split()


async def _run(folder: Path, only: list[str], out: Path | None) -> int:
    yardstick = Yardstick(folder, tomllib.loads(RULES.read_text(encoding="utf-8")))
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
