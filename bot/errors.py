"""The errors that people may read. Anything else is a bug."""


class UserError(Exception):
    """What was typed cannot be done; the message says what is wrong and how to put it right."""


class Refused(UserError):
    """Whoever asked may not do this, or this cannot be done here."""
