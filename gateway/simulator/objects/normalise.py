"""Normalisers of text properties: each gives the stored text or raises ValueError with the server's words (jmap-management-api 2.2.6)."""

import re

# Endings the server takes as public; the real list is the public suffix list, of which these are the ones in common use.
_ENDINGS = frozenset(
    ["test", "localhost", "local", "internal", "lan", "home", "corp", "intranet", "private", "localdomain", "com", "org", "net", "edu", "gov", "mil", "int", "info", "biz", "name", "pro", "aero", "coop", "museum", "jobs", "mobi", "travel", "tel", "cat", "asia", "post", "xxx", "arpa", "app", "dev", "io", "ai", "co", "me", "tv", "cc", "eu", "de", "at", "ch", "fr", "it", "es", "pt", "nl", "be", "lu", "uk", "ie", "dk", "se", "no", "fi", "is", "pl", "cz", "sk", "hu", "ro", "bg", "gr", "tr", "ru", "ua", "by", "lt", "lv", "ee", "si", "hr", "rs", "ba", "mk", "al", "us", "ca", "mx", "br", "ar", "cl", "pe", "uy", "ve", "ec", "bo", "py", "cr", "cu", "do", "gt", "hn", "ni", "pa", "sv", "jp", "cn", "kr", "tw", "hk", "sg", "my", "th", "vn", "ph", "id", "in", "pk", "bd", "lk", "np", "au", "nz", "za", "eg", "ma", "tn", "dz", "ke", "ng", "gh", "il", "ae", "sa", "qa", "kw", "om", "bh", "jo", "lb", "ir", "iq", "example", "online", "site", "store", "tech", "xyz", "club", "shop", "blog", "cloud", "email", "mail", "host", "network", "systems", "solutions", "services", "digital", "agency", "company", "group", "center", "world", "today", "life", "live", "news", "media", "design", "studio", "software", "technology", "academy", "education", "school", "university", "health", "care", "clinic", "hospital", "bank", "finance", "money", "insurance", "legal", "law", "consulting", "gmbh", "ltd", "llc", "inc", "berlin", "hamburg", "koeln", "wien", "london", "paris", "nyc", "tokyo"]
)
_BLANK = re.compile(r"\s+")


def trim(text: str) -> str:
    """Without outer blanks."""
    return text.strip()


def domain(text: str) -> str:
    """Lower case without blanks, punycode; the ending must be known, and it cannot stand alone."""
    name = _BLANK.sub("", text).lower()
    if not name.isascii():
        try:
            name = ".".join(label.encode("idna").decode() for label in name.split("."))
        except UnicodeError:
            raise ValueError("Invalid domain name") from None
    labels = name.split(".")
    if len(labels) < 2 or not all(labels) or labels[-1] not in _ENDINGS:  # noqa: PLR2004 - name and ending
        raise ValueError("Invalid domain name")
    return name


def email(text: str) -> str:
    """Lower case without blanks, local part and domain; `localhost` counts as one."""
    address = _BLANK.sub("", text).lower()
    local, _, name = address.rpartition("@")
    try:
        return f"{local_part(local)}@{name if name == 'localhost' else domain(name)}"
    except ValueError:
        raise ValueError("Invalid email address") from None


def local_part(text: str) -> str:
    """Lower case, without blanks; no `@`, quotes or brackets inside."""
    local = _BLANK.sub("", text).lower()
    if not local or any(sign in local for sign in '@"(),:;<>[]\\'):
        raise ValueError("Invalid email local part")
    return local


def host(text: str) -> str:
    """Lower case host name or address."""
    name = text.strip().lower().removesuffix(".")
    if not name or not re.fullmatch(r"[a-z0-9_.:\[\]-]+", name):
        raise ValueError("Invalid hostname or IP address")
    return name


BY_NAME = {"trim": trim, "domain": domain, "email": email, "local": local_part, "host": host}
