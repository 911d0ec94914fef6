"""Who asks, in which group, and what they may do."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who gave a command.

    Attributes:
        user: The platform's name or number for them; never stored by a reader's command.
        group: The circle that they ask in, as ``platform:number``.
        is_moderator: Whether they may configure the group.
        reading: The slug of the reading they ask for by name, if they do.
    """

    user: str
    group: str
    is_moderator: bool = False
    reading: str | None = None
