"""What delivery needs of a chat service: where to post, what, and what came of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from bot.caller import Caller
from bot.reply import Reply

# A role is any that there is, a mention one that posts may mention.
Kind = Literal["channel", "role", "mention", "tag"]


@dataclass(frozen=True, slots=True)
class Target:
    """Where scheduled posts of a group go.

    Attributes:
        group: Whose posts they are, as ``platform:number``.
        server: The server that the group belongs to, as ``platform:server:number``; empty where there is none.
        channel: The platform's number of the channel, which may be another than the group's own.
        threads: Whether each post gets a thread of its own.
        tag: The platform's number of the tag that posts in a forum get, if any.
        role: The platform's number of the role that posts mention, if any; they mention nobody else.
    """

    group: str
    server: str
    channel: str
    threads: bool = True
    tag: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """Something to be posted for everybody, as a message that phones announce.

    Attributes:
        subject: What its thread is called, or in a forum the post; nothing if it gets none.
        line: The command line that gives all of it, where a platform has room for a part only; nothing if none does.
    """

    reply: Reply
    subject: str = ""
    line: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was posted.

    Attributes:
        channel: The platform's number of where it is.
        message: The platform's number of the message.
        link: An address that leads there; empty if there is none.
        thread: The platform's number of its thread; empty if there is none yet.
    """

    channel: str
    message: str
    link: str = ""
    thread: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    """Something of a platform's own: its number, and what people call it (``#circle``, ``@readers``)."""

    number: str
    name: str


class Platform(Protocol):
    """A chat service to which a group's posts are delivered.

    What a target refuses, and what cannot be reached, is raised as DeliveryFailed.

    Attributes:
        name: What the names of its groups begin with.
        posts_a_second: How many it takes from us at most.
    """

    name: str
    posts_a_second: float

    async def post(self, target: Target, post: Post, key: str) -> Receipt:
        """Post once.

        Args:
            key: At most 25 letters, digits, - and _; the post carries it, so that it can be found by it.
        """
        ...

    async def find(self, target: Target, key: str, since: datetime) -> Receipt | None:
        """Look for a post of ours by its key among the messages since a time (UTC)."""
        ...

    async def open_thread(self, target: Target, receipt: Receipt, post: Post) -> str:
        """Open the thread of a post, unless it has one; returns the platform's number of it, or nothing without one."""
        ...

    async def results(self, receipt: Receipt) -> str:
        """Return how members voted in the poll under a post, as a sentence; nothing if that cannot be told."""
        ...

    async def missing(self, target: Target) -> list[str]:
        """Return what keeps us from posting, looking and opening threads there, each as a sentence for moderators."""
        ...

    async def report(self, target: Target) -> list[tuple[str, bool]]:
        """Return what can and cannot be done there, each as a few words and whether it can: for ``config check``."""
        ...

    async def resolve(self, kind: Kind, caller: Caller, text: str, channel: str = "") -> Named:
        """Return the channel, role or tag that a moderator means, and may use.

        Args:
            channel: For tags, the platform's number of the forum.

        Raises:
            UserError: There is none, or more than one; Refused if they may not use it.
        """
        ...

    def called(self, kind: Kind, number: str, server: str) -> str:
        """Return what people call something now, by its number; also if it is gone."""
        ...
