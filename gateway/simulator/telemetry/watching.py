"""What of the things that happen becomes an event: the start, logins, mail that comes in, deliveries, reports."""

from gateway.knowledge.ids import decode
from gateway.simulator.errors import Object
from gateway.simulator.mail.facts import ATTEMPTS_MADE, QUEUED, AttemptsMade, Outcome, Queued
from gateway.simulator.telemetry.happenings import Happenings, Pairs, address, milliseconds, number, text, texts
from gateway.simulator.text_ids import number_of
from gateway.simulator.world import World

VERSION = "0.16.16"
SMTP_PORT = 25
QUEUING = {"smtp": "queue.message-queued", "dsn": "queue.dsn-queued", "report": "queue.report-queued"}
FAILURES = {"dnsError": "delivery.mx-lookup-failed", "connectionError": "delivery.connect-error"}
RECEIVED = {"DmarcExternalReport": "dmarc-report", "TlsExternalReport": "tls-report", "ArfExternalReport": "abuse-report"}
ELAPSED = 5
"""Milliseconds that everything takes."""


class Watch:
    """Tells events of what the other rooms let everybody know."""

    def __init__(self, world: World, happenings: Happenings) -> None:
        self._world = world
        self._tell = happenings.tell

    def begin(self) -> None:
        """Tell of the start, and of everything from now on."""
        world = self._world
        world.on("server.restarted", lambda _: self._started())
        world.on("login.accepted", self._logged_in)
        world.on("login.refused", lambda _: self._tell("auth.failed", [*self._listener("http", 8080)], level="debug"))
        world.on("report.received", self._reported)
        world.on(QUEUED, self._queued)
        world.on(ATTEMPTS_MADE, self._attempted)
        self._started()

    def _started(self) -> None:
        self._tell("server.startup", [("hostname", text(self._world.config.host_name)), ("version", text(VERSION))])
        for listener in self._world.kept("NetworkListener").objects.values():
            for bind in listener["bind"]:
                host, _, port = bind.rpartition(":")
                self._tell("network.listen-start", [("listenerId", text(listener["name"])), ("localIp", address(host)), ("localPort", number(int(port)))])
        for name in ("task-manager.scheduler-started", "task-manager.manager-started", "queue.started", "cluster.startup"):
            self._tell(name)

    def _logged_in(self, login: tuple[str, str]) -> None:
        account_id, name = login
        self._tell("auth.success", [*self._listener("http", 8080), ("accountName", text(name)), ("accountId", number(number_of(account_id)))])

    def _reported(self, report: tuple[str, str, bool]) -> None:
        name, sender, warnings = report
        kind = RECEIVED[name] + ("-with-warnings" if warnings else "")
        self._tell(f"incoming-report.{kind}", [("from", text(sender))], level="warn" if warnings else "info")

    def _queued(self, mail: Queued) -> None:
        """A session that brought a message, or a message made here."""
        span = decode(self._world.snowflake())
        session = mail.source == "smtp"
        listener = self._listener("smtp", SMTP_PORT, mail.remote_ip)
        if session:
            self._tell("smtp.connection-start", listener, span=span, level="debug")
            self._tell("smtp.ehlo", [*listener, ("domain", text(mail.helo))], span=span)
            self._tell("smtp.mail-from", [*listener, ("from", text(mail.sender))], span=span)
            for recipient in mail.recipients:
                self._tell("smtp.rcpt-to", [*listener, ("to", text(recipient))], span=span)
        self._tell(QUEUING[mail.source], [*(listener if session else ()), *_message(mail)], span=span)
        if session:
            self._tell("smtp.connection-end", [*listener, ("elapsed", milliseconds(ELAPSED))], span=span, level="debug")

    def _attempted(self, attempts: AttemptsMade) -> None:
        """One go at delivering a message: what became of each recipient that was due."""
        span, about = decode(self._world.snowflake()), _message(attempts.message)
        common = [about[0], ("queueName", text(attempts.queue)), *about[1:], ("total", number(len(attempts.outcomes)))]
        self._tell("delivery.attempt-start", common, span=span)
        for domain in dict.fromkeys(it.recipient.rpartition("@")[2] for it in attempts.outcomes):
            self._tell("delivery.domain-delivery-start", [*common, ("domain", text(domain))], span=span)
        for outcome in attempts.outcomes:
            for name, pairs in _steps(outcome):
                self._tell(name, [*common, *pairs], span=span)
        if attempts.over:
            self._tell("delivery.completed", [*common, ("elapsed", milliseconds(ELAPSED))], span=span)
        self._tell("delivery.attempt-end", [*common, ("elapsed", milliseconds(ELAPSED))], span=span)

    @staticmethod
    def _listener(name: str, port: int, remote: str = "127.0.0.1") -> Pairs:
        return [("listenerId", text(name)), ("localPort", number(port)), ("remoteIp", address(remote)), ("remotePort", number(49152))]


def _message(mail: Queued) -> list[tuple[str, Object]]:
    return [("queueId", number(decode(mail.id))), ("from", text(mail.sender)), ("to", texts(mail.recipients)), ("size", number(mail.size))]


def _steps(outcome: Outcome) -> list[tuple[str, Pairs]]:
    """Events of one recipient."""
    status = outcome.status
    about = [("to", text(outcome.recipient)), ("hostname", text(status.get("responseHostname") or ""))]
    if status["@type"] == "Completed":
        taken = [*about, ("code", number(status["responseCode"])), ("details", text(status["responseMessage"])), ("elapsed", milliseconds(ELAPSED))]
        return [("message-ingest.ham", [("elapsed", milliseconds(ELAPSED))]) if outcome.local else ("delivery.delivered", taken), ("delivery.dsn-success", taken)]
    permanent = status["@type"] == "PermanentFailure"
    if status["errorType"] in FAILURES:
        return [(FAILURES[status["errorType"]], [*about, ("reason", text(status["errorMessage"] or ""))])]
    answer = [*about, ("code", number(status["responseCode"] or 0)), ("details", text(status["responseMessage"] or ""))]
    return [("delivery.rcpt-to-rejected", answer), ("delivery.dsn-perm-fail" if permanent else "delivery.dsn-temp-fail", answer)]
