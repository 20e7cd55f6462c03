"""Reports for others: begun and continued with every mail that comes in or goes out, and sent after a day (recordings `reports-out`)."""

import hashlib
from collections.abc import Callable
from email.parser import BytesHeaderParser

from gateway.knowledge.instants import text_of
from gateway.simulator.errors import Object
from gateway.simulator.mail.addresses import read
from gateway.simulator.mail.authentication import author_domain
from gateway.simulator.mail.facts import Accepted, Attempted
from gateway.simulator.mail.options import RcptOptions
from gateway.simulator.mail.queue import Queue, Submission
from gateway.simulator.mail.surroundings import NameFailure
from gateway.simulator.reports import collected
from gateway.simulator.reports.collected import Frame, TlsFailure
from gateway.simulator.reports.internal import InternalReports
from gateway.simulator.reports.letters import Post, dmarc_letter, tls_letter
from gateway.simulator.reports.sender_checks import Policy, check, report_uris
from gateway.simulator.reports.values import members
from gateway.simulator.world import World

DAY = 86_400
LONGEST_DELAY = 7200
SUBSYSTEM = "Report Subsystem"
OTHER_MACHINE = "10.77.0.2"


class Outgoing:
    """Collects DMARC and TLS reports, and puts them into the mail queue when their tasks run."""

    def __init__(self, world: World, reports: tuple[InternalReports, InternalReports], queue: Queue) -> None:
        self.world = world
        self.dmarc, self.tls = reports
        self.queue = queue

    def accepted(self, mail: Accepted) -> None:
        """A mail came in: the domain of its author may want to know how DMARC saw it."""
        author = author_domain(BytesHeaderParser().parsebytes(mail.data))
        if author is None or not self._verifies():
            return
        verdict = check(author, mail.return_path.rpartition("@")[2], mail.helo, mail.remote_ip, self.queue.surroundings)
        if verdict is None or not verdict.policy.rua:
            return
        id_ = self.dmarc.of(verdict.policy.domain) or self._begin_dmarc(verdict.policy)
        stored = self.dmarc.objects[id_]
        self.dmarc.save(id_, stored | {"report": collected.add_mail(stored["report"], verdict, mail.remote_ip)})

    def attempted(self, session: Attempted) -> None:
        """A mail host was spoken to, never with TLS here: its domain may want to know."""
        uris = self._tls_uris(session.domain) if session.connected else ()
        if not uris:
            return
        id_ = self.tls.of(session.domain) or self._begin_tls(session.domain, uris)
        stored = self.tls.objects[id_]
        failure = TlsFailure(session.host, OTHER_MACHINE)
        self.tls.save(id_, stored | {"report": collected.add_session(stored["report"], session.domain, failure)})

    def _begin_dmarc(self, policy: Policy) -> str:
        frame = self._frame("noreply-dmarc")
        stored: Object = {
            "rua": members(policy.rua),
            "policyIdentifier": collected.policy_identifier(policy),
            "report": collected.dmarc(frame, policy),
        }
        return self.dmarc.begin(stored | self._life(policy.domain, frame), frame.end)

    def _begin_tls(self, domain: str, uris: tuple[str, ...]) -> str:
        frame = self._frame("noreply-tls")
        stored: Object = {
            "policyIdentifiers": {str(collected.NO_TLS_POLICY): True},
            "mailRua": members(uri.removeprefix("mailto:") for uri in uris if uri.startswith("mailto:")),
            "httpRua": members(uri for uri in uris if uri.startswith("https:")),
            "report": collected.tls(frame),
        }
        return self.tls.begin(stored | self._life(domain, frame), frame.end)

    def _tls_uris(self, domain: str) -> tuple[str, ...]:
        try:
            record = self.queue.surroundings.text(f"_smtp._tls.{domain}") or ""
        except NameFailure:
            return ()
        version, *tags = (part.strip() for part in record.split(";"))
        uris = (tag.partition("=")[2] for tag in tags if tag.startswith("rua="))
        return report_uris(next(uris, "")) if version == "v=TLSRPTv1" else ()

    def _frame(self, local: str) -> Frame:
        now = self.world.clock.seconds()
        return Frame(self._domain(), f"{local}@{self._domain()}", now, now + DAY)

    def _domain(self) -> str:
        """The domain that reports come from: the server's default domain (`outboundReportDomain` is read by nothing, mapping-settings 10)."""
        default = self.world.applied("SystemSettings")["defaultDomainId"]
        return str(self.world.kept("Domain").objects[default]["name"])

    def _verifies(self) -> bool:
        """Whether DMARC is checked at all: any outcome of the setting but `disable`."""
        setting = self.world.applied("SenderAuth")["dmarcVerify"]
        return any(outcome != "disable" for outcome in (setting["else"], *(rule["then"] for rule in setting["match"].values())))

    def _life(self, domain: str, frame: Frame) -> Object:
        return {"domain": domain, "createdAt": text_of(frame.begin), "deliverAt": text_of(frame.end)}

    def send_dmarc(self, id_: str, _task: Object) -> None:
        """Take the DMARC report away and queue it for those who asked for it."""
        stored = self.dmarc.take(id_)
        self._send(f"noreply-dmarc@{self._domain()}", stored["rua"], lambda post: dmarc_letter(post, stored["report"]))

    def send_tls(self, id_: str, _task: Object) -> None:
        """Take the TLS report away and queue it for those who asked for it."""
        stored = self.tls.take(id_)
        self._send(f"noreply-tls@{self._domain()}", stored["mailRua"], lambda post: tls_letter(post, stored["domain"], stored["report"]))

    def _send(self, sender: str, rua: dict[str, bool], write: Callable[[Post], bytes]) -> None:
        """Queue a report mail; its first attempt waits for a while, so that not all reports of a day go out together."""
        recipients = [(address, RcptOptions()) for text in rua if (address := read(text))]
        if not recipients:
            return
        data = write(Post(SUBSYSTEM, sender, tuple(rua), self.world.clock.seconds(), self._domain()))
        delay = int.from_bytes(hashlib.blake2b(data, digest_size=4).digest(), "big") % LONGEST_DELAY
        self.queue.submit(Submission(sender, recipients, data, frozenset({"report"}), source="report", hold=delay, notices=False))
