"""A gateway that answers Stalwart's old REST management API from a server that speaks only JMAP."""

__version__ = "0.1.0"
