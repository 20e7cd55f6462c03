"""The zone file that a domain shows (jmap-management-api 3.6)."""

import base64
import hashlib
from collections.abc import Iterable

from gateway.simulator.directory import signing_keys
from gateway.simulator.errors import Object

PIECE = 255
_SERVICES = (("caldavs", 443), ("carddavs", 443), ("imaps", 993), ("jmap", 443), ("pop3s", 995), ("submissions", 465))


def zone_file(domain: Object, keys: Iterable[Object], host: str) -> str:
    """All recommended records in the syntax of BIND; `keys` are the signatures of the domain."""
    name = domain["name"]
    lines = [record for key in keys for record in _key_record(name, key)]
    lines += [f'{name}. IN TXT "v=spf1 mx -all"', f"{name}. IN MX 10 {host}."]
    reports = domain["reportAddressUri"]
    address = f"; rua={reports}{'' if '@' in reports else '@' + name}" if reports else ""
    lines.append(f'_dmarc.{name}. IN TXT "v=DMARC1; p=reject{address}"')
    lines += [f"_{service}._tcp.{name}. IN SRV 0 1 {port} {host}." for service, port in _SERVICES]
    lines.append(f"mta-sts.{name}. IN CNAME {host}.")
    lines.append(f'_mta-sts.{name}. IN TXT "v=STSv1; id={int.from_bytes(_digest(name, 8), "big") | 1 << 62}"')
    if reports:
        lines.append(f'_smtp._tls.{name}. IN TXT "v=TLSRPTv1{address}"')
    lines.append(f"ua-auto-config.{name}. IN CNAME {host}.")
    lines.append(
        f'_ua-auto-config.{name}. IN TXT "v=UAAC1; a=sha256; d={base64.b64encode(_digest(name, 32)).decode()}"'
    )
    lines += [f"{service}.{name}. IN CNAME {host}." for service in ("autoconfig", "autodiscover")]
    return "\n".join(lines) + "\n"


def public_key(key: Object) -> str:
    """Public key of a signature in base 64; of one that the simulator made itself only bytes of the right size."""
    secret = key["privateKey"].get("secret") or key["selector"]
    return base64.b64encode(
        signing_keys.public_key(secret) or _digest(secret, 294 if "Rsa" in key["@type"] else 32)
    ).decode()


def _key_record(name: str, key: Object) -> list[str]:
    text = f"v=DKIM1; k={'rsa' if 'Rsa' in key['@type'] else 'ed25519'}; h=sha256; p={public_key(key)}"
    head = f"{key['selector']}._domainkey.{name}. IN TXT"
    if len(text) <= PIECE:
        return [f'{head} "{text}"']
    pieces = (text[start : start + PIECE] for start in range(0, len(text), PIECE))
    return [f"{head} (", *(f'    "{piece}"' for piece in pieces), ")"]


def _digest(text: str, size: int) -> bytes:
    """Bytes that look random and are always the same for a text."""
    return hashlib.shake_256(text.encode()).digest(size)
