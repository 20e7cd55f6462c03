"""The wheel: complete, and usable without the source tree."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory) -> Path:
    """The contents of a wheel made from the source tree."""
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def python(unpacked: Path, *arguments: str) -> str:
    """What a Python prints that sees the unpacked wheel before everything else, in an empty folder."""
    ran = subprocess.run([sys.executable, *arguments], cwd=unpacked.parent, env=os.environ | {"PYTHONPATH": str(unpacked)}, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_the_wheel_holds_everything_the_program_reads(unpacked) -> None:
    wanted = {path.relative_to(ROOT / "gateway") for path in (ROOT / "gateway").rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert {path for path in wanted if not (unpacked / "gateway" / path).is_file()} == set()
    assert (unpacked / "gateway/openapi.yaml").read_bytes() == (ROOT / "openapi.yaml").read_bytes()
    assert (unpacked / "gateway/py.typed").is_file()
    (licence,) = unpacked.glob("*.dist-info/licenses/LICENSE")
    assert licence.read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_the_command_works_from_the_wheel(unpacked) -> None:
    assert python(unpacked, "-c", "import gateway; print(gateway.__file__)").strip() == str(unpacked / "gateway/__init__.py")
    assert "serve" in python(unpacked, "-m", "gateway", "--help")
    assert "listQueue" in python(unpacked, "-m", "gateway", "routes", "--format", "json")
