"""Property paths inside a JMAP patch, as the new server reads them (mapping-operations 2.5)."""


def escape(element: str) -> str:
    r"""One path element: a backslash is doubled (the server takes it as an escape sign), then `~` → `~0` and `/` → `~1`."""
    return element.replace("\\", "\\\\").replace("~", "~0").replace("/", "~1")


def path(*elements: str) -> str:
    """Path of several elements, each escaped."""
    return "/".join(escape(element) for element in elements)
