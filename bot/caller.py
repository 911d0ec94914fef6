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
        server: What the group belongs to, as ``platform:server:number``, where platforms have such a thing.
        by_role: Whether they are a moderator only by a role that the group chose.
    """

    user: str
    group: str
    is_moderator: bool = False
    reading: str | None = None
    server: str = ""
    by_role: bool = False

    @property
    def platform(self) -> str:
        """The chat service that they use."""
        return self.group.partition(":")[0]
