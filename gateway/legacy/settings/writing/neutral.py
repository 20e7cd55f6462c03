"""Values of keys without counterpart that are accepted and dropped (mapping-settings 8): the old pages send them with every save."""

from gateway.knowledge.settings_map import Found


def neutral(found: Found, text: str) -> bool:
    """Whether a text says nothing that the new server would have to know; an empty one takes the key away.

    Of an expression whose results only matter, every condition is neutral.
    """
    if not text:
        return True
    if found.part:
        return "branches" in found.row.marks and (found.part == "if" or text in found.row.neutral)
    return text in found.row.neutral
