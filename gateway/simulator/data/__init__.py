"""Facts about the server as data."""

from importlib.resources import files


def text(name: str) -> str:
    """Contents of a file of this folder."""
    return (files(__name__) / name).read_text("utf-8")


def words(name: str) -> list[str]:
    """Words of a list; lines with `#` in front are remarks."""
    return [word for line in text(f"{name}.txt").splitlines() if not line.startswith("# ") for word in line.split()]
