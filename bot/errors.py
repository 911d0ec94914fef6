"""The errors that people may read. Anything else is a bug."""


class UserError(Exception):
    """What was typed cannot be done; the message says what is wrong and how to put it right."""


class Refused(UserError):
    """Whoever asked may not do this, or this cannot be done here."""


class CannotServe(Exception):
    """A chat service cannot be served; the message says why and what to do.

    Attributes:
        is_refusal: Whether trying again is of no use.
    """

    def __init__(self, sentence: str, is_refusal: bool) -> None:
        super().__init__(sentence)
        self.is_refusal = is_refusal


class DeliveryFailed(Exception):
    """A post did not get through; the message says why, for moderators.

    Attributes:
        retry_after: For how many seconds the service wants to be left alone, if it said so.
        is_certain: Whether nothing can have been posted; where it is unknown, one must look before trying again.
    """

    def __init__(self, reason: str, retry_after: float | None = None, is_certain: bool = False) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.is_certain = is_certain
