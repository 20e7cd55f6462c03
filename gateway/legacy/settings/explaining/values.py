"""Texts of an old setting as values of the new server, as far as they can be told without asking it (mapping-settings 6, 7)."""

from collections.abc import Callable, Mapping
from typing import Any

from gateway.knowledge.conversions import MASK, Invalid, Many, Scalar, Variant, conversion, has_macro
from gateway.knowledge.conversions.texts import SECRET, STRING
from gateway.knowledge.expressions import Incomplete, Untranslatable
from gateway.knowledge.expressions import write as write_expression
from gateway.knowledge.settings_map import Row
from gateway.legacy.settings.explaining.gathering import Setting
from gateway.legacy.settings.explaining.masking import discreet, discreet_headers, hidden, is_secret
from gateway.legacy.settings.writing.events import events
from gateway.legacy.settings.writing.macros import macro_keys
from gateway.legacy.settings.writing.metric_conditions import metric_condition
from gateway.legacy.settings.writing.target import Cell, Context, Inconvertible, InvalidValue, Target

ABSENT = object()
"""No value can be told."""

Remarks = list[str]

_HAVE_MACROS = frozenset({"http-auth", "public-string", "public-text", "secret", "secret-text"})
_EMPTY_BY_NATURE = frozenset({"key-exists", "lookup-value"})
_WITHOUT_LIMIT = "4294967295"
_QUOTAS = "object-quota."


class Unfit(ValueError):
    """The gateway would refuse these texts; the message says why and holds no secret."""


def value_of(row: Row, setting: Setting, remarks: Remarks) -> Any:
    """The value that the property of a row takes, ABSENT when there is none to tell; Unfit when there can be none."""
    texts = setting.items()
    if len(texts) == 1 and not texts[0] and row.word not in _EMPTY_BY_NATURE:
        remarks.append("an empty value removes the key")
        return ABSENT
    if others := [key for text in texts for key in macro_keys(text)]:
        remarks.append(f"takes the value of {', '.join(others)} at the time it is written")
        return ABSENT
    if any(has_macro(text) for text in texts) and row.word not in _HAVE_MACROS:
        raise Unfit("macros are for secrets only")
    if MASK in texts and is_secret(row):
        remarks.append(f"{MASK} stands for the secret that is stored")
        return ABSENT
    value = _judged(row, setting, remarks)
    if value is ABSENT:
        return ABSENT
    if is_secret(row):
        return hidden(value)
    return discreet_headers(value) if row.word == "header-map" else discreet(value)


def _judged(row: Row, setting: Setting, remarks: Remarks) -> Any:
    """The value; Unfit for the refusals that a write would meet."""
    try:
        return _converted(row, setting, remarks)
    except (Invalid, Untranslatable) as error:
        raise Unfit(discreet(str(error))) from None
    except Incomplete as error:
        raise Unfit(f"{setting.key}.{error.part} is missing") from None
    except InvalidValue as error:
        raise Unfit(error.body["reason"]) from None
    except Inconvertible as error:
        raise Unfit(error.body["details"].partition(" cannot be converted: ")[2]) from None


def _converted(row: Row, setting: Setting, remarks: Remarks) -> Any:
    if row.word in _IN_CONTEXT:
        return _IN_CONTEXT[row.word](row, setting, remarks)
    codec = conversion(row.form)
    if codec is None:
        return write_expression(row.form, setting.texts)
    if isinstance(codec, Many):
        return codec.write(setting.items())
    return _single(row, codec, setting.items()[-1], remarks)


def _single(row: Row, codec: Scalar | Variant, text: str, remarks: Remarks) -> Any:
    if text == _WITHOUT_LIMIT and (row.alias or row.pattern).startswith(_QUOTAS):
        return None
    value: Any
    if isinstance(codec, Variant):
        value, *others = codec.write(text)
        remarks += [f"or {it['@type']}, as other keys decide" for it in others]
    else:
        value = codec.write(text)
    return value["@type"] if row.pointer.endswith("/@type") and list(value) == ["@type"] else value


def _auth(row: Row, setting: Setting, _remarks: Remarks) -> Any:
    """One member of credentials; all keys together choose their kind."""
    (text,) = setting.items()[-1:]
    return STRING.write(text) if row.pointer.endswith("/username") else SECRET.write(text)


def _reference(row: Row, setting: Setting, remarks: Remarks) -> Any:
    type_, _, member = row.form.removeprefix("id-ref(").removesuffix(")").partition("/")
    text = setting.items()[-1]
    if row.pattern == "storage.directory" and text == "internal":
        return None
    remarks.append(f'the id of the {type_} whose {member} is "{discreet(text)}"')
    return ABSENT


def _default_certificate(_row: Row, setting: Setting, remarks: Remarks) -> Any:
    if setting.items()[-1] == "true":
        remarks.append("the id of this certificate")
    else:
        remarks.append("null, if it names this certificate")
    return ABSENT


def _exists(_row: Row, setting: Setting, _remarks: Remarks) -> Any:
    return setting.found.id if setting.found else ABSENT


def _lookup(_row: Row, setting: Setting, _remarks: Remarks) -> Any:
    return setting.items()[-1] or (setting.found.key if setting.found else ABSENT)


def _host_names(_row: Row, _setting: Setting, remarks: Remarks) -> Any:
    remarks.append("each name goes to the x:Domain that it ends with, as a label below it")
    return ABSENT


def _switch(_row: Row, _setting: Setting, remarks: Remarks) -> Any:
    remarks.append("a switch of the old pages: true changes nothing, false goes with removed keys")
    return ABSENT


def _read_only(_row: Row, _setting: Setting, _remarks: Remarks) -> Any:
    return ABSENT


def _names(row: Row, setting: Setting, remarks: Remarks) -> Any:
    """Set of names with its policy; patterns stand for all that fit, and names that are gone are left out."""
    texts = setting.items()
    value = dict(events(Cell(row, setting.key, texts, Target(row.objects[0], None), Context({}, {}))))[row.pointer]
    gone = [text for text in texts if "*" not in text and text not in value]
    if gone:
        remarks.append(f"left out, because the new server does not know them: {', '.join(gone)}")
    policy = "metricsPolicy" if row.word == "metric-set" else "eventsPolicy"
    remarks.append(f'with {policy} "{"include" if row.objects == ("WebHook",) else "exclude"}"')
    return value


def _metric_condition(_row: Row, setting: Setting, _remarks: Remarks) -> Any:
    return metric_condition(setting.key, setting.items()[-1])


_IN_CONTEXT: Mapping[str, Callable[[Row, Setting, Remarks], Any]] = {
    "event-set": _names,
    "http-auth": _auth,
    "id-ref": _reference,
    "id-ref-bool": _default_certificate,
    "key-exists": _exists,
    "lookup-value": _lookup,
    "metric-expression": _metric_condition,
    "metric-set": _names,
    "san-list": _host_names,
    "store-ref": _read_only,
    "ui-flag": _switch,
}
