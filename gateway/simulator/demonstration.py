"""Data of the profile `demo`: a small company whose mail server has had some days of ordinary life."""

from email.message import EmailMessage

from gateway.simulator.errors import Object
from gateway.simulator.reports.samples import samples
from gateway.simulator.sower import Sower, handed_over
from gateway.simulator.world import World

DOMAIN = "nordlicht.test"
HOUR = 3600

_PEOPLE = {
    "anna.berg": ("Anna Berg", ("anna",)),
    "jonas.keller": ("Jonas Keller", ("jonas",)),
    "mei.tanaka": ("Mei Tanaka", ()),
    "paulo.reis": ("Paulo Reis", ()),
    "postmaster": ("Postmaster", ("abuse", "dmarc", "tlsrpt")),
}

_MAIL: tuple[tuple[float, str, tuple[str, ...], str], ...] = (
    (52, "anna.berg", ("einkauf@temp.test", "lager@temp.test"), "Delivery note 4711"),
    (47, "jonas.keller", ("office@refused.test",), "Minutes of Monday's meeting"),
    (30, "mei.tanaka", ("fine.support@temp.test", "bad.address@temp.test", "team@temp.test"), "Release plan"),
    (26, "paulo.reis", ("orders@servfail.test",), "Order confirmation 2231"),
    (11, "anna.berg", ("kunde@ok.test", "buero@temp.test"), "Your quotation"),
    (6, "", ("bounces@temp.test",), "Failed to deliver message"),
    (5, "mei.tanaka", ("press@temp.test",), "Invitation"),
    (3, "jonas.keller", ("it@refused.test", "noc@temp.test"), "Maintenance tonight"),
    (2, "newsletter", tuple(f"reader{number:02d}@temp.test" for number in range(1, 13)), "Northern lights, issue 12"),
    (1, "paulo.reis", ("hr@temp.test",), "Application"),
    (0.2, "anna.berg", ("jonas.keller@" + DOMAIN, "partner@temp.test"), "Lunch on Thursday?"),
)


def sow(world: World) -> None:
    """Fill the world; mails come in at the times they would have, so the queue shows several attempts."""
    sower = Sower(world)
    domain = sower.make("Domain", {"name": DOMAIN, "description": "Nordlicht Trading"})
    for name, (full_name, aliases) in _PEOPLE.items():
        sower.user(name, domain, "a quiet northern evening", aliases=aliases, description=full_name)
    sower.make("MailingList", {"name": "team", "domainId": domain, "recipients": {f"{name}@{DOMAIN}": True for name in list(_PEOPLE)[:4]}})
    sower.make("Role", {"description": "Queue helper", "enabledPermissions": {"authenticate": True, "sysQueuedMessageGet": True, "sysQueuedMessageQuery": True}})
    now = world.clock.seconds()
    for sample in samples(DOMAIN, now):
        _later(world, sample.when, handed_over(sample.return_path, (sample.recipient,), sample.data))
    for hours, sender, recipients, subject in _MAIL:
        _later(world, now - hours * HOUR, handed_over(f"{sender}@{DOMAIN}" if sender else "", recipients, _message(sender, recipients, subject)))
    for hours, visitor in ((20, "alice"), (9, "bob"), (4, "alice")):
        text = _message(visitor, (f"team@{DOMAIN}",), "Question about an order", "sender.test")
        _later(world, now - hours * HOUR, handed_over(f"{visitor}@sender.test", (f"team@{DOMAIN}",), text))
    _later(world, now - 3 * HOUR, handed_over(f"anna.berg@{DOMAIN}", ("sales@ok.test",), _message("anna.berg", ("sales@ok.test",), "Price list")))
    world.clock.run_due()


def _later(world: World, when: float, message: Object) -> None:
    def come_in() -> None:
        world.inject(message)

    world.clock.at(when, come_in)


def _message(sender: str, recipients: tuple[str, ...], subject: str, host: str = DOMAIN) -> bytes:
    message = EmailMessage()
    message["From"] = f"{sender or 'mailer-daemon'}@{host}"
    message["To"] = ", ".join(recipients)
    message["Subject"] = subject
    message.set_content(f"{subject}.\n\nKind regards\n{sender or 'Mail system'}\n")
    return message.as_bytes()
