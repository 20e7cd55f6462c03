"""What the documents say exists, and what exists is in the documents."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.settings import NOT_SETTINGS, names, variable
from gateway.web.observe import REGISTRY

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
OPERATIONS = (ROOT / "docs/operations.md").read_text()
SKIPPED = {".git", ".venv", "build", "dist", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".import_linter_cache", ".schemathesis"}
DOCUMENTS = sorted(path.relative_to(ROOT) for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("deploy/*"), ROOT / "Dockerfile"])


def files() -> Iterator[Path]:
    """Every file of the project that is text."""
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        if path.is_file() and not SKIPPED & set(parts) and path.suffix not in {".gz", ".db", ".pyc"}:
            yield path


def commands() -> list[list[str]]:
    """Every command line in the shell blocks of the README, as words."""
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    return [words for block in blocks for line in block.splitlines() if (words := shlex.split(line, comments=True))]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_the_tables_of_the_readme_are_those_of_the_code() -> None:
    checked = run(sys.executable, "tools/tables.py", "--check")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_setting_says_what_it_is_for() -> None:
    for path, field in names():
        assert field.description, path


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_documents_name_only_settings_that_exist(document: Path) -> None:
    known = {variable(path) for path, _ in names()} | NOT_SETTINGS
    named = set(re.findall(r"GATEWAY_[A-Z_]*[A-Z]", (ROOT / document).read_text()))
    assert named - known == set()


@pytest.mark.parametrize("document", [document for document in DOCUMENTS if document.suffix == ".md"], ids=str)
def test_links_inside_the_project_lead_somewhere(document: Path) -> None:
    text = (ROOT / document).read_text()
    headings = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if target.startswith("#"):
            assert target[1:] in headings, target
        elif "://" not in target:
            assert (ROOT / document).parent.joinpath(target.partition("#")[0]).exists(), target


def test_the_commands_of_the_readme_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    seen = 0
    for words in commands():
        if words[0] == "make":
            assert words[1] in targets, words
            seen += 1
        elif words[0].endswith("stalwart-gateway"):
            helped = run(sys.executable, "-m", "gateway", words[1], "--help")
            assert helped.returncode == 0, helped.stderr
            for flag in (word for word in words[2:] if word.startswith("--")):
                assert flag in helped.stdout, (words, flag)
            seen += 1
    assert seen >= 4
    for target in re.findall(r"`make ([a-z-]+)", README):
        assert target in targets, target


def test_every_metric_is_explained() -> None:
    names = exported_metrics()
    assert names
    explained = set(re.findall(r"`(gateway_[a-z_]+)`", OPERATIONS))
    assert explained == names


def exported_metrics() -> set[str]:
    """Names of the metrics that the code declares."""
    return {family.name + ("_total" if family.type == "counter" else "") for family in REGISTRY.collect() if family.name.startswith("gateway_")}


def test_the_project_speaks_of_itself_only() -> None:
    unfinished = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]
    elsewhere = [r"(?<![\w.])/(?:home|root|work|Users)/", r"\.\./" + "shared", r"\b[Ii]ssue #\d"]
    words = unfinished + elsewhere
    forbidden = re.compile("|".join(words))
    found = [f"{path.relative_to(ROOT)}: {match[0]}" for path in files() for match in forbidden.finditer(path.read_text(errors="replace"))]
    assert found == []


def test_no_file_of_the_program_is_longer_than_a_head() -> None:
    long = {str(path.relative_to(ROOT)): lines for path in (ROOT / "gateway").rglob("*.py") if (lines := len(path.read_text().splitlines())) > 400}
    assert long == {}
