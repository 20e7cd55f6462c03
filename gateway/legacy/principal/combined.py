"""The one text in which roles and tenants keep both name and description on the new server (mapping-principals 1.7)."""

SEPARATOR = " | "


def parted(text: str) -> tuple[str, str | None]:
    """Name and description; a text that somebody else wrote is all name."""
    name, bar, description = text.partition(SEPARATOR)
    return name, description if bar else None


def joined(name: str, description: str | None) -> str:
    """The text for a name and a description; an empty description counts as none."""
    return f"{name}{SEPARATOR}{description}" if description else name
