"""Parameters of MAIL and RCPT (RFC 3461 DSN, RFC 4865 FUTURERELEASE, RFC 6710 MT-PRIORITY, RFC 6531 SMTPUTF8)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from gateway.knowledge.ids import decimal
from gateway.knowledge.instants import unix_of

LONGEST_HOLD = 7 * 86_400
LARGEST_MESSAGE = 104_857_600
LONGEST_ENVELOPE_ID = 100

BAD_PARAMETER = "501 5.5.4"
TOO_BIG = "552 5.3.4"

_XTEXT = re.compile(r"\+([0-9A-F]{2})")
_BODIES = {"7BIT", "8BITMIME", "BINARYMIME"}
_NOTIFY = {"SUCCESS", "FAILURE", "DELAY"}
_WITHOUT_EFFECT = {"SMTPUTF8", "REQUIRETLS", "AUTH"}


class Refused(Exception):
    """The parameter is not accepted; `reply` is what the command is answered with."""

    def __init__(self, reply: str) -> None:
        super().__init__(reply)
        self.reply = reply


@dataclass(slots=True)
class MailOptions:
    """What MAIL asked for: `hold` in seconds; `headers_only` for RET=HDRS."""

    envelope_id: str | None = None
    hold: int = 0
    priority: int = 0
    headers_only: bool = False


@dataclass(slots=True)
class RcptOptions:
    """What RCPT asked for: which reports the sender wants (None: it did not say), and the original recipient."""

    notify: frozenset[str] | None = None
    original: str | None = None

    def wants(self, report: str) -> bool:
        """Whether the sender wants this report; without NOTIFY failures and delays are told (RFC 3461 4.1)."""
        return report in (self.notify if self.notify is not None else {"FAILURE", "DELAY"})


def mail(parameters: Iterable[str], now: int) -> MailOptions:
    """Parameters of MAIL at the unix instant `now`; Refused."""
    options = MailOptions()
    for name, value in map(_split, parameters):
        if name in _WITHOUT_EFFECT:
            continue
        if name == "SIZE":
            _check_size(value)
        elif name in _HOLDS:
            options.hold = _HOLDS[name](value, now)
        else:
            _apply(options, name, value)
    return options


def _apply(options: MailOptions, name: str, value: str) -> None:
    match name:
        case "BODY" if value.upper() in _BODIES:
            return
        case "RET" if value.upper() in {"FULL", "HDRS"}:
            options.headers_only = value.upper() == "HDRS"
        case "ENVID" if 0 < len(value) <= LONGEST_ENVELOPE_ID:
            options.envelope_id = _xtext(value)
        case "MT-PRIORITY" if re.fullmatch(r"-?\d", value, re.ASCII):
            options.priority = int(value)
        case _:
            raise Refused(BAD_PARAMETER)


def _check_size(value: str) -> None:
    if _number(value) > LARGEST_MESSAGE:
        raise Refused(TOO_BIG)


def rcpt(parameters: Iterable[str]) -> RcptOptions:
    """Parameters of RCPT; Refused."""
    options = RcptOptions()
    for name, value in map(_split, parameters):
        match name:
            case "NOTIFY":
                wanted = frozenset(value.upper().split(","))
                if not (wanted <= _NOTIFY or wanted == {"NEVER"}):
                    raise Refused(BAD_PARAMETER)
                options.notify = wanted
            case "ORCPT" if re.fullmatch(r"[^;]+;.+", value):
                options.original = _xtext(value.partition(";")[2])
            case _:
                raise Refused(BAD_PARAMETER)
    return options


def _split(parameter: str) -> tuple[str, str]:
    name, _, value = parameter.partition("=")
    return name.upper(), value


def _xtext(value: str) -> str:
    return _XTEXT.sub(lambda match: chr(int(match.group(1), 16)), value)


def _hold_for(value: str, _: int) -> int:
    return _within_limit(_number(value))


def _hold_until(value: str, now: int) -> int:
    """Seconds until an instant, given as unix seconds or RFC 3339."""
    instant = unix_of(value)
    return _within_limit(max(0, (_number(value) if instant is None else instant) - now))


def _number(value: str) -> int:
    number = decimal(value)
    if number is None:
        raise Refused(BAD_PARAMETER)
    return number


def _within_limit(seconds: int) -> int:
    if seconds > LONGEST_HOLD:
        raise Refused(BAD_PARAMETER)
    return seconds


_HOLDS = {"HOLDFOR": _hold_for, "HOLDUNTIL": _hold_until}
