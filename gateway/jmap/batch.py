"""Fitting batches to the limits of the server: cut into requests that it accepts, and put the answers together again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, cast

from gateway.jmap.calls import Call, Get, Object, Ref, Set
from gateway.jmap.errors import MethodError
from gateway.jmap.session import ServerLimits


def fits(calls: Sequence[Call], limits: ServerLimits) -> bool:
    """Whether the batch can be sent as it is, which is the rule."""
    for call in calls:
        if _weight(call) > _most(call, limits):
            return False
    return len(calls) <= limits.calls


def divide(calls: Sequence[Call], limits: ServerLimits) -> list[list[tuple[int, Call]]]:
    """Requests to send one after the other, each a list of (position of the original call, call).

    Gets and sets with too many objects become several calls. A call that refers to another one stays in its request; a chain
    of references longer than a request is sent as it is and left to the server's refusal.
    """
    pieces: list[tuple[int, Call]] = []
    first: dict[int, int] = {}
    targets = {call.ids.call for call in calls if isinstance(call, Get) and isinstance(call.ids, Ref)}
    for position, call in enumerate(calls):
        first[position] = len(pieces)
        pieces += [(position, piece) for piece in ([call] if position in targets else _pieces(call, limits))]
    earliest = _earliest(pieces, first)
    requests: list[list[tuple[int, Call]]] = []
    start = 0
    while start < len(pieces):
        end = _cut(earliest, start, start + limits.calls)
        requests.append([(position, _moved(call, first, start)) for position, call in pieces[start:end]])
        start = end
    return requests


def join(calls: Sequence[Call], answers: Sequence[tuple[int, Object | MethodError]]) -> list[Object | MethodError]:
    """One answer per original call out of the answers of its pieces; the first error among them is the answer."""
    joined: list[Object | MethodError] = [{} for _ in calls]
    for position, answer in answers:
        whole = joined[position]
        if isinstance(whole, MethodError):
            continue
        if isinstance(answer, MethodError):
            joined[position] = answer
            continue
        for name, value in answer.items():
            whole[name] = _sum(whole[name], value) if name in whole else value
    return joined


def _weight(call: Call) -> int:
    if isinstance(call, Set):
        return call.objects
    return 0 if not isinstance(call, Get) or call.ids is None or isinstance(call.ids, Ref) else len(call.ids)


def _most(call: Call, limits: ServerLimits) -> int:
    return limits.objects_in_set if isinstance(call, Set) else limits.objects_in_get


def _pieces(call: Call, limits: ServerLimits) -> list[Call]:
    size = _most(call, limits)
    if _weight(call) <= size:
        return [call]
    if isinstance(call, Set):
        return [
            *(Set(call.type, create=dict(part)) for part in _chunks((call.create or {}).items(), size)),
            *(Set(call.type, update=dict(part)) for part in _chunks((call.update or {}).items(), size)),
            *(Set(call.type, destroy=part) for part in _chunks(call.destroy or (), size)),
        ]
    get = cast("Get", call)  # nothing else has a weight
    return [replace(get, ids=part) for part in _chunks(get.ids, size)]


def _chunks(items: Any, size: int) -> Iterator[list[Any]]:
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part


def _earliest(pieces: Sequence[tuple[int, Call]], first: Mapping[int, int]) -> list[int]:
    """For each place, the earliest piece that something from there on refers to, at most the place itself."""
    earliest = [0] * len(pieces)
    so_far = len(pieces)
    for place in range(len(pieces) - 1, -1, -1):
        call = pieces[place][1]
        target = first[call.ids.call] if isinstance(call, Get) and isinstance(call.ids, Ref) else place
        earliest[place] = so_far = min(so_far, target, place)
    return earliest


def _cut(earliest: Sequence[int], start: int, end: int) -> int:
    """Where the request that begins at `start` ends: at most at `end`, but never between a reference and what it refers to."""
    if end >= len(earliest):
        return len(earliest)
    return next((cut for cut in range(end, start, -1) if earliest[cut] >= cut), len(earliest))


def _moved(call: Call, first: Mapping[int, int], start: int) -> Call:
    """The call with its reference counted from the start of its own request."""
    if isinstance(call, Get) and isinstance(call.ids, Ref):
        return replace(call, ids=Ref(first[call.ids.call] - start, call.ids.path))
    return call


def _sum(left: Any, right: Any) -> Any:
    if isinstance(left, list) and isinstance(right, list):
        return left + right
    if isinstance(left, dict) and isinstance(right, dict):
        return left | right
    return right
