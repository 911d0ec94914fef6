"""What moderators can decide, and what holds in a group: its own choice, else its server's, else the default."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from bot.caller import Caller
from bot.commands import Command
from bot.errors import Refused
from bot.store.chosen import Chosen

Kind = Literal[
    "reading", "zone", "channel", "tag", "mention", "role", "switch", "choice", "commands", "hours", "prefix"
]
Origin = Literal["group", "server", "default"]

ON, OFF, NONE, HERE = "on", "off", "none", "here"
SENTENCE, PASSAGE, PARAGRAPH = "sentence", "passage", "paragraph"
AGAIN, STOP = "again", "stop"
MOST_HOURS = 48


@dataclass(frozen=True, slots=True)
class Setting:
    """Something that moderators can decide.

    Attributes:
        about: What it decides; the help of its command.
        values: What can be given, for people.
        kind: How what is given is read.
        default: What holds where nothing was chosen.
        choices: Of a choice, all there are.
    """

    name: str
    about: str
    values: str
    kind: Kind
    default: str
    choices: tuple[str, ...] = ()


SETTINGS = (
    Setting("reading", "Which text this circle reads.", "A reading's slug or words of its title.", "reading", ""),
    Setting("timezone", "The time zone of its schedules.", "An IANA name such as Europe/Paris.", "zone", "UTC"),
    Setting("channel", "Where scheduled posts go.", "A channel, a forum or a thread, or here.", "channel", HERE),
    Setting("threads", "Whether each scheduled prompt gets its own thread.", "on or off.", "switch", ON, (ON, OFF)),
    Setting("tag", "The tag of scheduled posts in a forum.", "One of the forum's tags, or none.", "tag", NONE),
    Setting("mention", "Whom scheduled prompts mention.", "A role, on Matrix @room, or none.", "mention", NONE),
    Setting(
        "length",
        "How much is quoted at once.",
        "sentence, passage (one to three sentences) or paragraph.",
        "choice",
        PASSAGE,
        (SENTENCE, PASSAGE, PARAGRAPH),
    ),
    Setting("private", "Whether only the one who asks sees an answer.", "on or off.", "switch", OFF, (ON, OFF)),
    Setting("off", "Commands that are switched off here.", "Names of commands, or none.", "commands", NONE),
    Setting("moderators", "A role whose members are moderators too.", "A role, or none.", "role", NONE),
    Setting("notices", "Where moderators are told what went wrong.", "A channel, or none.", "channel", NONE),
    Setting("grace", "How late a missed post may still come.", "Hours, 0 to 48.", "hours", "6"),
    Setting("afterwards", "What happens when every prompt was used.", "again or stop.", "choice", AGAIN, (AGAIN, STOP)),
    Setting("prefix", "What commands begin with on Matrix.", "One to three signs.", "prefix", "!"),
)
BY_NAME = {setting.name: setting for setting in SETTINGS}


@dataclass(frozen=True, slots=True)
class Values:
    """What holds in a group, by the setting's name, and where each value comes from."""

    values: Mapping[str, str]
    origins: Mapping[str, Origin]

    def __getitem__(self, name: str) -> str:
        return self.values[name]

    def is_on(self, name: str) -> bool:
        """Whether a switch is on."""
        return self.values[name] == ON

    def number(self, name: str) -> str:
        """Return the platform's number of a channel, role or tag; empty if there is none."""
        value = self.values[name]
        return "" if value in (NONE, HERE) else value

    @property
    def off(self) -> frozenset[str]:
        """The names of the commands that are switched off."""
        value = self.values["off"]
        return frozenset() if value == NONE else frozenset(value.split(", "))

    @property
    def grace(self) -> timedelta:
        """How late a missed post may still come."""
        return timedelta(hours=int(self.values["grace"]))


DEFAULTS = Values({each.name: each.default for each in SETTINGS}, {each.name: "default" for each in SETTINGS})


class GroupValues:
    """The values that hold in groups."""

    def __init__(self, chosen: Chosen) -> None:
        self._chosen = chosen

    async def of(self, caller: Caller) -> Values:
        """Return what holds where a caller is."""
        return await self.at(caller.group, caller.server)

    async def guard(self, caller: Caller, command: Command) -> bool:
        """Return whether only whoever gives a command may see its answer.

        Raises:
            Refused: It is switched off there.
        """
        if command.for_moderators:
            return False
        values = await self.of(caller)
        if command.name in values.off:
            raise Refused(switched_off(command.name))
        return values.is_on("private")

    async def at(self, group: str, server: str = "") -> Values:
        """Return what holds in a group of a server."""
        by_scope = await self._chosen.of((group, server) if server else (group,))
        return effective(by_scope[group], by_scope.get(server, {}))


def switched_off(name: str) -> str:
    """Say that a command cannot be used."""
    return f"/{name} is switched off here by the moderators of this circle."


def effective(own: Mapping[str, str], of_server: Mapping[str, str]) -> Values:
    """Put a group's choices over its server's, and these over the defaults."""
    if not own and not of_server:
        return DEFAULTS
    origins: dict[str, Origin] = dict(DEFAULTS.origins)
    origins |= dict.fromkeys(of_server, "server")
    origins |= dict.fromkeys(own, "group")
    values = {**DEFAULTS.values, **of_server, **own}
    return Values({name: values[name] for name in BY_NAME}, {name: origins[name] for name in BY_NAME})
