"""How a name is remembered."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OldName:
    """What clients called an account or list of the new server (`type` `Account` or `MailingList`, JMAP `id`).

    `name` is the name as it was given, lower-cased; it may be the address itself. `address` is the own address that the object had
    then: with another one it was changed elsewhere, and the memory does not hold. `implied`: no client has listed that address among
    `emails`, it exists because the new server demands one.
    """

    type: str
    id: str
    name: str
    address: str
    implied: bool
