"""Values of closed sets: enumerations, and the variants that the new server tells apart by `@type` (mapping-settings 6.1)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.knowledge.conversions.values import Invalid, Many, Scalar
from gateway.knowledge.locales import LOCALES
from gateway.knowledge.value_forms import members

Pairs = Sequence[tuple[str, str]]


def pairs(arguments: str) -> Pairs:
    """Old and new words of `a=b,c=d`."""
    return [(old, new) for old, _, new in (pair.partition("=") for pair in arguments.split(","))]


def _forward(words: Pairs) -> Mapping[str, str]:
    """New word by old word; the first of several counts."""
    return dict(reversed(words))


def _backward(words: Pairs) -> Mapping[str, str]:
    """Old word by new word; the first of several counts."""
    return {new: old for old, new in reversed(words)}


def enumeration(words: Pairs) -> Scalar:
    """One of several words; `true` and `false` are booleans on the new side. A word that had no old name reads as itself."""
    truths = {"true": True, "false": False}
    news = {old: truths.get(new, new) for old, new in _forward(words).items()}
    olds = {truths.get(new, new): old for new, old in _backward(words).items()}

    def write(text: str) -> Any:
        if text not in news:
            raise Invalid(f"expected one of {', '.join(news)}")
        return news[text]

    return Scalar(lambda value: None if value is None else olds.get(value, str(value)), write)


def enumerations(words: Pairs) -> Many:
    """A set of several words."""
    one = enumeration(words)
    return Many(
        lambda value: [text for text in map(one.read, members(value)) if text is not None],
        lambda texts: {one.write(text): True for text in texts},
    )


def switch(words: Pairs) -> Scalar:
    """A boolean for `@type`; every variant but the one for false reads as true."""
    news = _forward(words)

    def write(text: str) -> dict[str, str]:
        if text not in news:
            raise Invalid("expected true or false")
        return {"@type": news[text]}

    return Scalar(lambda value: "false" if value["@type"] == news["false"] else "true", write)


@dataclass(frozen=True, slots=True)
class Variant:
    """A word for `@type` and what goes with it; several variants may stand behind one word, another key then decides."""

    choices: Sequence[tuple[str, dict[str, Any]]]

    def read(self, value: dict[str, Any]) -> str | None:
        """First old word that fits the value, None for a variant that no word means."""
        for word, parts in self.choices:
            if all(value.get(member) == it for member, it in parts.items()):
                return word
        return None

    def write(self, text: str) -> list[dict[str, Any]]:
        """Members that the value may have for a word, `@type` among them; Invalid for other words."""
        found = [parts for word, parts in self.choices if word == text]
        if not found:
            raise Invalid(f"'{text}' is not available")
        return found


def variant(words: Pairs) -> Variant:
    """Variant of `word=A`, `word=A|B` (either) and `word=A+member:true` (a boolean that goes with it)."""
    choices: list[tuple[str, dict[str, Any]]] = []
    for word, targets in words:
        for target in targets.split("|"):
            type_, *others = target.split("+")
            flags = {name: value == "true" for name, _, value in (other.partition(":") for other in others)}
            choices.append((word, {"@type": type_, **flags}))
    return Variant(choices)


def _write_cipher(texts: list[str]) -> dict[str, bool]:
    if strange := [text for text in texts if not re.fullmatch(r"[A-Z0-9_]+", text, re.ASCII)]:
        raise Invalid(f"unknown name {strange[0]}")
    return {text.lower().replace("_", "-"): True for text in texts}


CIPHERS = Many(lambda value: [name.upper().replace("-", "_") for name in members(value)], _write_cipher)
"""Cipher suites: `TLS13_AES_256_GCM_SHA384` was the old name of `tls13-aes-256-gcm-sha384`."""


_REGIONS = (
    *["us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "af-south-1", "ap-east-1", "ap-south-1"],
    *["ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-southeast-1", "ap-southeast-2", "cn-north-1", "cn-northwest-1"],
    *["eu-north-1", "eu-central-1", "eu-central-2", "eu-west-1", "eu-west-2", "eu-west-3", "il-central-1", "me-south-1", "sa-east-1"],
    *["do-nyc3", "do-ams3", "do-sgp1", "do-fra1", "yandex"],
    *["wa-us-east-1", "wa-us-east-2", "wa-us-central-1", "wa-us-west-1", "wa-ca-central-1", "wa-eu-central-1", "wa-eu-central-2"],
    *["wa-eu-west-1", "wa-eu-west-2", "wa-ap-northeast-1", "wa-ap-northeast-2", "wa-ap-southeast-1", "wa-ap-southeast-2"],
)
_TYPES_OF_REGIONS = {name: "".join(part.capitalize() for part in name.split("-")) for name in _REGIONS}
_NAMES_OF_REGIONS = {type_: name for name, type_ in _TYPES_OF_REGIONS.items()}


def _read_region(value: dict[str, Any]) -> str | None:
    if value["@type"] == "Custom":
        return str(value["customRegion"])
    return _NAMES_OF_REGIONS.get(value["@type"])


def _write_region(text: str) -> dict[str, Any]:
    if not text:
        raise Invalid("the value is empty")
    known = _TYPES_OF_REGIONS.get(text)
    return {"@type": known} if known else {"@type": "Custom", "customRegion": text}


REGION = Scalar(_read_region, _write_region)
"""Region of an S3 store by name; others are `Custom` and need an endpoint (`customEndpoint`) as well."""


_MAIN_COUNTRIES = {"en": "US", "zh": "CN", "ja": "JP", "ko": "KR", "sv": "SE", "da": "DK", "cs": "CZ", "el": "GR", "uk": "UA", "ar": "EG"}


def _write_locale(text: str) -> str:
    name = text.replace("-", "_")
    if name in LOCALES:
        return name
    likely = f"{text}_{_MAIN_COUNTRIES.get(text, text.upper())}"
    found = likely if likely in LOCALES else min((it for it in LOCALES if it.partition("_")[0] == text and text), default=None)
    if found is None:
        raise Invalid("unknown language")
    return found


LOCALE = Scalar(lambda value: str(value).partition("_")[0], _write_locale)
"""A language; of its locales the one of its main country is written."""
