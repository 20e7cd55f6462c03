"""Public keys as text: armoured OpenPGP keys (RFC 9580) and PEM certificates, read as far as the server's refusals tell them apart."""

import base64
import binascii
import re
from collections.abc import Iterator

from cryptography import x509

NO_KEY = "No valid public key found."
MIXED = "Cannot mix OpenPGP and S/MIME certificates"
KEYRING = "Malformed Cert: Additional packets found, is this a keyring?"

_OPENPGP = re.compile(r"-----BEGIN PGP PUBLIC KEY BLOCK-----(.*?)-----END PGP PUBLIC KEY BLOCK-----", re.DOTALL)
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)
_ARMOUR_LINE = re.compile(r"[A-Za-z0-9+/=]+")
_PUBLIC_KEY_PACKET = 6
_SEQUENCE = 0x30
_CLASSES = ("Universal", "Application", "Context", "Private")


def problem(text: str) -> str:
    """Why the text is no key, "" when it is one."""
    blocks, certificates = _OPENPGP.findall(text), _CERTIFICATE.findall(text)
    if not blocks and not certificates:
        return NO_KEY
    if blocks and certificates:
        return MIXED
    if blocks:
        found = _openpgp_problem([_body(block) for block in blocks])
        return f"Failed to decode OpenPGP public key: {found}" if found else ""
    problems = (_certificate_problem(_body(block)) for block in certificates)
    return next((f"Failed to decode X509 certificate: {found}" for found in problems if found), "")


def is_openpgp(text: str) -> bool:
    """Whether the text holds an OpenPGP key."""
    return _OPENPGP.search(text) is not None


def _body(block: str) -> bytes:
    """Bytes inside the armour: header lines, the checksum and what is no base 64 are left out."""
    lines = block.strip().splitlines()
    start = lines.index("") + 1 if "" in lines else 0
    body = "".join(line.strip() for line in lines[start:] if _ARMOUR_LINE.fullmatch(line.strip()) and not line.startswith("="))
    try:
        return base64.b64decode(body + "=" * (-len(body) % 4))
    except binascii.Error:
        return b""


def _openpgp_problem(blocks: list[bytes]) -> str:
    first = blocks[0][:1]
    if first and not first[0] & 0x80:
        return f"Malformed packet: Malformed CTB: MSB of ptag ({first[0]:#010b}) not set."
    tags = [tag for block in blocks for tag in _tags(block)]
    if tags.count(_PUBLIC_KEY_PACKET) > 1:
        return KEYRING
    return "" if tags[:1] == [_PUBLIC_KEY_PACKET] else "Malformed Cert: No key packet found"


def _tags(data: bytes) -> Iterator[int]:
    """Kinds of the packets in order, until something is no packet."""
    at = 0
    while at + 1 < len(data) and data[at] & 0x80:
        head = data[at]
        if head & 0x40:
            tag, size = head & 0x3F, _new_length(data[at + 1 : at + 6])
        else:
            tag, size = head >> 2 & 0x0F, _old_length(data[at + 1 : at + 5], head & 3)
        if size is None:
            return
        yield tag
        at += 1 + sum(size)


def _new_length(octets: bytes) -> tuple[int, int] | None:
    """Size of the length itself and of the contents; None when it is cut or says that parts follow."""
    first = octets[0]
    if first < 192:  # noqa: PLR2004 - RFC 9580 4.2.1
        return 1, first
    if first < 224 and len(octets) > 1:  # noqa: PLR2004
        return 2, ((first - 192) << 8) + octets[1] + 192
    return (5, int.from_bytes(octets[1:5], "big")) if first == 255 and len(octets) == 5 else None  # noqa: PLR2004


def _old_length(octets: bytes, kind: int) -> tuple[int, int] | None:
    size = (1, 2, 4, 0)[kind]
    return (size, int.from_bytes(octets[:size], "big")) if size and len(octets) >= size else None


def _certificate_problem(data: bytes) -> str:
    if data and data[0] != _SEQUENCE:
        tag = f"Tag {{ class: {_CLASSES[data[0] >> 6]}, value: {data[0] & 0x1F} }}"
        return f"BER decoding error: Expected Tag {{ class: Universal, value: 16 }} tag, actual tag: {tag} (Codec: BER)"
    try:
        x509.load_der_x509_certificate(data)
    except ValueError as error:
        return f"BER decoding error: {error}"
    return ""
