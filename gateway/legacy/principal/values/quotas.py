"""Quotas as clients write them (mapping-principals 2.14, legacy-rest-api 3.6).

Use: `limits(numbers)` for a create, `patch(numbers, present)` for pointers; `numbers` is one number of bytes or up to 13 of them.
"""

from collections.abc import Mapping, Sequence

from gateway.jmap.calls import Object
from gateway.legacy.principal.reading import QUOTAS
from gateway.legacy.refusals import Unsupported

DISK = QUOTAS[0]


def limits(numbers: int | Sequence[int]) -> dict[str, int]:
    """Limits by their new names, without those that are 0; Unsupported for one that the new server does not have."""
    given = [numbers] if isinstance(numbers, int) else numbers
    for position, number in enumerate(given):
        if number and position not in QUOTAS:
            raise Unsupported(f"Quota position {position} is not available in Stalwart 0.16")
    return {QUOTAS[position]: number for position, number in enumerate(given) if number}


def patch(numbers: int | Sequence[int], present: Mapping[str, int]) -> Object:
    """Pointers that make the limits what they shall be: a single number changes the disk quota only, an array all that have a position.

    Limits without a position are kept. Nothing when all are what they shall be.
    """
    wanted = limits(numbers)
    meant = [DISK] if isinstance(numbers, int) else list(QUOTAS.values())
    pointers: Object = {f"quotas/{name}": number for name, number in wanted.items()}
    pointers |= {f"quotas/{name}": None for name in meant if name not in wanted and name in present}
    return {} if all(present.get(name) == wanted.get(name) for name in meant) else pointers
