"""Secrets of accounts on their way to `credentials` (mapping-principals 2.11).

The new server has one password per account, which may carry an OTP URL, and app passwords that it makes itself. An app password whose secret a client
chose takes the place of the password where that is free; the state remembers its name (`slot`).

Use: `created(texts, settings)` for a create; for a PATCH `Secrets.of(account, slot, remembered, settings)`, then `set`, `add` and `remove` in the order of the
request, then `secrets.change()`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gateway.jmap.calls import Object
from gateway.knowledge.ids import decode, encode
from gateway.legacy.principal.reading import APP_PREFIX, HIDDEN, HIDDEN_OTP, OTP_SLOT, app_name, app_placeholder
from gateway.legacy.principal.values.addresses import free_index
from gateway.legacy.principal.values.secrets import (
    NO_CHOSEN_APP,
    ONE_PASSWORD,
    OTP_ALONE,
    OTP_PREFIX,
    Secret,
    classify,
    is_placeholder,
    is_same,
    stored,
)
from gateway.legacy.refusals import Other, Unsupported
from gateway.settings import Settings

FIRST = "a"
SLOT_TAKEN = 'The password slot of this account holds the app password "{}"; remove it in the same request'


@dataclass(frozen=True, slots=True, repr=False)
class Created:
    """Value of `credentials` in a create, the name of the app password in the password slot, and what to remember by credential id."""

    value: Object
    slot: str | None
    strings: Mapping[str, str]


@dataclass(frozen=True, slots=True, repr=False)
class Change:
    """Pointers of an account, the slot afterwards, and the strings to remember instead of those before."""

    patch: Object
    slot: str | None
    strings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Held:
    """A credential that was read: its position, its id, and for an app password its name."""

    index: str
    id: str
    name: str = ""


def created(texts: Iterable[str], settings: Settings) -> Created:
    """Credentials of a new account; Unsupported for more than one password or an OTP URL alone, Other for broken secrets."""
    found = [it for it in map(classify, dict.fromkeys(texts)) if it.kind != "keep"]
    passwords = [it for it in found if it.kind == "password" and it.value]
    apps = [it for it in found if it.kind == "app"]
    otp = next((it for it in reversed(found) if it.kind == "otp"), None)
    if len(passwords) > 1:
        raise Unsupported(ONE_PASSWORD)
    if apps and (passwords or len(apps) > 1 or settings.app_password_slot == "refuse"):  # noqa: S105 - a switch
        raise Unsupported(NO_CHOSEN_APP)
    if otp is not None and not passwords:
        raise Unsupported(OTP_ALONE)
    for secret in (*passwords, *apps):
        kept = stored(secret, settings)
        value: Object = {"@type": "Password", "secret": kept.send}
        strings = {FIRST: kept.remember}
        if otp is not None:
            value["otpAuth"] = otp.value
            strings[OTP_SLOT] = otp.text
        return Created(
            {"0": value}, secret.name if secret.kind == "app" else None, {id_: text for id_, text in strings.items() if text}
        )
    return Created({}, None, {})


@dataclass(slots=True, repr=False)
class Secrets:
    """The secrets of an account while a PATCH changes them.

    `slot` is the name of the app password in the password slot; `remembered` are strings that clients wrote, by credential id and `otp`.
    """

    account: Object
    slot: str | None
    remembered: Mapping[str, str]
    settings: Settings
    _password: Secret | None = None
    _app: Secret | None = None
    _otp: Secret | None = None
    _no_password: bool = False
    _no_slot: bool = False
    _no_otp: bool = False
    _no_apps: set[str] = field(default_factory=set)

    def add(self, text: str) -> None:
        """Add a secret; a password or OTP URL takes the place of the one before."""
        if not self._is_kept(text):
            self._take(classify(text))

    def set(self, texts: Iterable[str]) -> None:
        """Exchange all secrets; those that a placeholder, or the string that is remembered, stands for are kept."""
        given = list(dict.fromkeys(texts))
        self._password = self._app = self._otp = None
        shown = {app_placeholder(it.name): it for it in self._apps}
        self._no_apps = {it.index for placeholder, it in shown.items() if not self._names(given, placeholder, it.id)}
        held = self._held
        self._no_slot = self.slot is not None and held is not None and not self._names(given, app_placeholder(self.slot), held.id)
        self._no_password = self.slot is None and held is not None and not self._names(given, HIDDEN, held.id)
        self._no_otp = not self._names(given, HIDDEN_OTP, OTP_SLOT)
        fresh = [classify(it) for it in given if not self._is_kept(it)]
        if sum(it.kind == "password" and bool(it.value) for it in fresh) > 1:
            raise Unsupported(ONE_PASSWORD)
        for secret in fresh:
            if secret.value:
                self._take(secret)

    def remove(self, text: str) -> None:
        """Remove what a text means: a placeholder, the start of app passwords or of the OTP URL, a remembered string, or with "" all but the password."""
        if not text:
            self._no_apps = {it.index for it in self._apps}
            self._no_slot = self.slot is not None
            self._no_otp = True
        elif text.startswith(APP_PREFIX):
            self._remove_apps(text)
        elif text.startswith(OTP_PREFIX):
            known = self.remembered.get(OTP_SLOT)
            self._no_otp |= known is None or known.startswith(text) or is_placeholder(text)
        elif self._is_password(text):
            self._no_password = True

    def change(self) -> Change:
        """What the changes come to; Unsupported when they need a second place for a password."""
        held = self._held
        slot = self.slot if held is not None else None
        self._check()
        patch: Object = {f"credentials/{index}": None for index in self._no_apps}
        strings = {id_: text for id_, text in self.remembered.items() if id_ not in {it.id for it in self._apps if it.index in self._no_apps}}
        new = self._password or self._app
        if new is not None:
            kept = stored(new, self.settings)
            if held is None:
                value: Object = {"@type": "Password", "secret": kept.send} | ({"otpAuth": self._otp.value} if self._otp else {})
                patch[f"credentials/{free_index(self.account.get('credentials') or ())}"] = value
            else:
                patch[f"credentials/{held.index}/secret"] = kept.send
            strings[self._next_id() if held is None else held.id] = kept.remember
            slot = new.name if new.kind == "app" else None
        elif held is not None and (self._no_slot or (self._no_password and slot is None)):
            patch[f"credentials/{held.index}"] = None
            gone = {held.id, OTP_SLOT}
            return Change(patch, None, {id_: text for id_, text in strings.items() if id_ not in gone})
        if self._otp is not None:
            strings[OTP_SLOT] = self._otp.text
            if held is not None:
                patch[f"credentials/{held.index}/otpAuth"] = self._otp.value
        elif self._no_otp:
            strings.pop(OTP_SLOT, None)
            if held is not None and self._has_otp:
                patch[f"credentials/{held.index}/otpAuth"] = None
        return Change(patch, slot, {id_: text for id_, text in strings.items() if text})

    @property
    def _held(self) -> _Held | None:
        return next(iter(self._of("Password")), None)

    @property
    def _apps(self) -> list[_Held]:
        return self._of("AppPassword")

    @property
    def _has_otp(self) -> bool:
        return any(it.get("otpAuth") for it in (self.account.get("credentials") or {}).values())

    def _of(self, type_: str) -> list[_Held]:
        return [
            _Held(index, it["credentialId"], app_name(it) if type_ == "AppPassword" else "")
            for index, it in (self.account.get("credentials") or {}).items()
            if it["@type"] == type_
        ]

    def _next_id(self) -> str:
        """Id that the server gives to a further credential: the highest in use and one, at least 1."""
        used = [decode(it["credentialId"]) for it in (self.account.get("credentials") or {}).values()]
        return encode(max([0, *used]) + 1)

    def _is_kept(self, text: str) -> bool:
        return is_placeholder(text) or (text != "" and text in self.remembered.values())

    def _names(self, given: Iterable[str], placeholder: str, id_: str) -> bool:
        return any(it in {placeholder, self.remembered.get(id_)} for it in given)

    def _take(self, secret: Secret) -> None:
        if secret.kind == "otp":
            self._otp = secret
        elif secret.kind == "app":
            if self._app is not None:
                raise Unsupported(NO_CHOSEN_APP)
            self._app = secret
        elif secret.value:
            self._password = secret
        else:
            self._password, self._no_password = None, True

    def _is_password(self, text: str) -> bool:
        held = self._held
        if held is None or self.slot is not None:
            return False
        known = self.remembered.get(held.id)
        return text == HIDDEN or (known is not None and is_same(text, known))

    def _remove_apps(self, text: str) -> None:
        """Remove the app passwords whose placeholder or remembered string starts with the text, else the one of the name in it."""
        held = self._held
        slot = [_Held(held.index, held.id, self.slot)] if held is not None and self.slot is not None else []
        everything = [*self._apps, *slot]
        meant = [it for it in everything if app_placeholder(it.name).startswith(text) or self._starts(it, text)]
        if not meant:
            name = text.removeprefix(APP_PREFIX).partition("$")[0]
            meant = [it for it in everything if it.name == name]
            if len(meant) > 1:
                raise Other("Invalid parameter", f"Several app passwords are named {name}")
        self._no_slot |= any(it in slot for it in meant)
        self._no_apps |= {it.index for it in meant if it not in slot}

    def _starts(self, held: _Held, text: str) -> bool:
        known = self.remembered.get(held.id)
        return known is not None and (known.startswith(text) or is_same(text, known))

    def _check(self) -> None:
        has_password = self._held is not None and self.slot is None
        has_slot = self._held is not None and self.slot is not None
        if self._app is not None:
            free = self._held is None or (has_slot and self._no_slot)
            if self._password is not None or not free or self.settings.app_password_slot == "refuse":  # noqa: S105 - a switch
                raise Unsupported(NO_CHOSEN_APP)
        if self._password is not None and has_slot and not self._no_slot:
            raise Unsupported(SLOT_TAKEN.format(self.slot))
        if self._otp is not None and self._password is None and (not has_password or self._no_password):
            raise Unsupported(OTP_ALONE)
