"""What settings objects check beyond their declaration (jmap-management-api 2.2.5, 2.7; recordings `actions.badSetting`, `settings.kinds`)."""

import re
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

from gateway.knowledge.instants import text_of
from gateway.simulator.callers import Caller
from gateway.simulator.data import words
from gateway.simulator.errors import Object, SetError
from gateway.simulator.objects.shapes import Schema
from gateway.simulator.objects.stored import StoredObjects
from gateway.simulator.settings.expressions import EXPRESSIONS, problems
from gateway.simulator.text_ids import SINGLETON

NO_FILE = "Failed to read secret from file '{}': No such file or directory (os error 2)"

_LINE = "\n"
_COMMANDS = frozenset(words("sieve_commands"))
_ATTRIBUTES = {NameOID.EMAIL_ADDRESS: "Email"}


class Settings(StoredObjects):
    """Objects whose expressions are compiled when they are written."""

    def refine(self, caller: Caller, id_: str, old: Object | None, stored: Object) -> None:  # noqa: ARG002 - a hook
        """SetError for the first expression that cannot be compiled."""
        for name, prop in self.schema.properties(stored).items():
            if isinstance(prop.kind, Schema) and prop.kind.name in EXPRESSIONS and (old is None or old.get(name) != stored[name]):
                for problem in problems(self.name, stored.get("@type"), name, stored[name]):
                    error = {"type": "Invalid", "property": name, "value": problem}
                    raise SetError("validationFailed", properties=[name], validation=[error])


class SieveScripts(StoredObjects):
    """Scripts are compiled when they are written."""

    def refine(self, caller: Caller, id_: str, old: Object | None, stored: Object) -> None:  # noqa: ARG002 - a hook
        """SetError for text that is not made of commands."""
        found = script_problem(stored["contents"] or "")
        if found:
            owner = "system" if self.name == "SieveSystemScript" else "user"
            raise SetError("invalidProperties", f"Failed to compile {owner} Sieve script: {found}", properties=["contents"])


class Certificates(StoredObjects):
    """Certificates are read when they are written; a simulator has no files to read them from."""

    def refine(self, caller: Caller, id_: str, old: Object | None, stored: Object) -> None:  # noqa: ARG002 - a hook
        """SetError for a certificate in a file or none at all; else what it says about itself is noted."""
        source = stored["certificate"]
        if source["@type"] == "File":
            raise _unreadable(NO_FILE.format(source["filePath"]))
        try:
            read = x509.load_pem_x509_certificate((source.get("value") or "").encode())
        except ValueError:
            raise _unreadable("Cryptographic error: No certificates found in PEM") from None
        stored |= {
            "subjectAlternativeNames": dict.fromkeys(_subjects(read), True),
            "notValidBefore": text_of(int(read.not_valid_before_utc.timestamp())),
            "notValidAfter": text_of(int(read.not_valid_after_utc.timestamp())),
            "issuer": ", ".join(f"{_ATTRIBUTES.get(part.oid, part.rfc4514_attribute_name)}={part.value!s}" for part in read.issuer),
        }


class AcmeProviders(StoredObjects):
    """Accounts at certificate authorities, opened when they are created; a simulator has no network to do that."""

    def refine(self, caller: Caller, id_: str, old: Object | None, stored: Object) -> None:  # noqa: ARG002 - a hook
        """SetError for a new one."""
        if old is None:
            why = f"HTTP error: error sending request for url ({stored['directory']})"
            raise SetError("invalidProperties", f"Failed to create ACME account: {why}", properties=["directory"])


class ClusterNodes(StoredObjects):
    """The nodes of the cluster: this one."""

    def visible(self, caller: Caller, arguments: Object) -> Mapping[str, Object]:  # noqa: ARG002 - a hook
        """This node."""
        renewed = text_of(self.world.clock.seconds())
        return {"a": {"nodeId": 0, "hostname": self.world.config.host_name, "lastRenewal": renewed, "status": "active"}}

    def create(self, caller: Caller, arguments: Object, value: Any, references: MutableMapping[str, str]) -> Object:  # noqa: ARG002 - a hook
        """SetError."""
        raise SetError("forbidden", "Telemetry objects cannot be created")

    def update(self, caller: Caller, arguments: Object, id_: str, patch: Any, references: MutableMapping[str, str]) -> None:  # noqa: ARG002 - a hook
        """SetError."""
        raise SetError("forbidden", "Telemetry objects cannot be modified")

    def destroy(self, caller: Caller, arguments: Object, id_: str) -> None:  # noqa: ARG002 - a hook
        """SetError."""
        raise SetError("forbidden", "Telemetry objects cannot be deleted")


class Bootstrap(StoredObjects):
    """Settings of the first start, which is over."""

    def get(self, caller: Caller, arguments: Object) -> Object:  # noqa: ARG002 - a hook
        """Nothing, whatever is asked for."""
        ids = [SINGLETON] if arguments.get("ids") is None else arguments["ids"]
        return {"accountId": arguments["accountId"], "list": [], "notFound": ids}

    def visible(self, caller: Caller, arguments: Object) -> Mapping[str, Object]:  # noqa: ARG002 - a hook
        """Nothing."""
        return {}


def _unreadable(why: str) -> SetError:
    return SetError("invalidProperties", f"Failed to read certificate: {why}", properties=["certificate"])


def _subjects(certificate: x509.Certificate) -> Iterator[str]:
    """Names that a certificate is for: common names and alternative names."""
    for part in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME):
        yield str(part.value)
    for extension in certificate.extensions:
        if isinstance(extension.value, x509.SubjectAlternativeName):
            yield from (str(name.value) for name in extension.value)


def script_problem(script: str) -> str:
    """What is wrong with a Sieve script, "" if nothing: it must begin with a command, and a test must follow `if`."""
    first = re.match(r"\s*([A-Za-z_]+|.)", script, re.DOTALL)
    if first and first.group(1).lower() not in _COMMANDS:
        return f'Expected token "command" but found "{first.group(1)}" at line {script[: first.start(1)].count(_LINE)}, column {first.start(1)}.'
    untested = re.search(r"\b(?:els)?if\s*([{;])", script)
    if untested:
        line = script[: untested.start(1)].count(_LINE)
        return f'Expected token "test name" but found "{untested.group(1)}" at line {line + 1}, column {untested.start(1)}.'
    return ""
