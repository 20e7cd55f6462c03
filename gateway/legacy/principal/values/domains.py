"""Names of domains as clients write them (mapping-principals 1.6)."""

from gateway.legacy.refusals import Other

LONGEST = 253
LONGEST_LABEL = 63


def insist(name: str) -> None:
    """Refuse what can be no domain: the new server looks at the last label only, and takes blanks and `@`."""
    labels = name.split(".")
    if len(name.encode()) > LONGEST or not all(map(_is_label, labels)):
        raise Other("Invalid principal name", f'"{name}" is not a valid domain name')


def _is_label(label: str) -> bool:
    """Letters and digits of any script, hyphens inside, and the underscore that DNS knows."""
    return (
        0 < len(label.encode()) <= LONGEST_LABEL
        and not label.startswith("-")
        and not label.endswith("-")
        and all(it.isalnum() or it in "-_" for it in label)
    )
