"""Events of traces in the shape of the old server (legacy-rest-api 2.16, mapping-operations 8.4)."""

from collections.abc import Mapping
from typing import Any

from gateway.jmap.calls import Object
from gateway.jmap.event_texts import EventText
from gateway.knowledge.event_names import TRACE_KEYS, old_event
from gateway.knowledge.value_forms import in_order

SPAN = "spanId"

Texts = Mapping[str, EventText]


def full_event(event: Object, texts: Texts) -> Object:
    """Old form with what the new server calls the event and says about it; without the span it belongs to."""
    return {
        **_texts(event["event"], texts),
        "createdAt": event["timestamp"],
        "type": old_event(event["event"]),
        "data": _data(event["keyValues"], texts),
    }


def short_event(event: Object, span: int) -> Object:
    """Old form without texts, for lists; `span` is the number of the trace."""
    return {
        "createdAt": event["timestamp"],
        "type": old_event(event["event"]),
        "data": _data(event["keyValues"], None) | {SPAN: span},
    }


def _texts(name: str, texts: Texts) -> Object:
    label, explanation = texts.get(name, (name, ""))
    return {"text": label, "details": explanation}


def _data(pairs: Object, texts: Texts | None) -> Object:
    """Values by name: the first of a repeated name, none that old readers do not know and none that is null (clients 3.8)."""
    data: Object = {}
    for pair in in_order(pairs):
        name = pair["key"]
        if name in TRACE_KEYS and name != SPAN and name not in data:
            value = _value(pair["value"], texts)
            if value is not None:
                data[name] = value
    return data


def _value(value: Object, texts: Texts | None) -> Any:
    match value["@type"]:
        case "Null":
            return None
        case "List":
            return [it for member in in_order(value["value"]) if (it := _value(member, texts)) is not None]
        case "Event":
            nested = {"type": old_event(value["event"])}
            if texts is not None:
                nested |= _texts(value["event"], texts)
            return nested | {"data": _data(value["value"], texts)}
        case _:
            return value["value"]
