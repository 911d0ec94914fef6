"""What is known of the rooms that the bot is in: who is there, who may do what, whether it is encrypted."""

from collections.abc import Mapping
from typing import Any

Event = Mapping[str, Any]

JOINED, INVITED = "join", "invite"
# Who has created a room of this version or a later one outranks everybody (MSC4289).
_CREATORS_OUTRANK = 12
CREATOR_LEVEL = 1 << 53
_STATE_DEFAULT, _EVENTS_DEFAULT, _ROOM_MENTION, _REDACT = 50, 0, 50, 50
_CREATOR_WITHOUT_LEVELS = 100
_KEPT = frozenset(
    (
        "m.room.create",
        "m.room.power_levels",
        "m.room.member",
        "m.room.encryption",
        "m.room.tombstone",
        "m.room.name",
        "m.room.canonical_alias",
    )
)
_OF_MEMBERS = ("membership", "displayname")


class Room:
    """One room, as the latest sync left it."""

    def __init__(self, number: str) -> None:
        self.number = number
        self._state: dict[tuple[str, str], Event] = {}
        self._creator = ""
        self._members: dict[str, dict[str, Any]] = {}
        self._ever: set[str] = set()

    def apply(self, event: Event) -> None:
        """Take a state event in; what is none, or not of use here, is passed over."""
        kind, key, content = event.get("type"), event.get("state_key"), event.get("content")
        if kind not in _KEPT or not isinstance(key, str) or not isinstance(content, dict):
            return
        if kind == "m.room.member":
            self._ever.add(key)
            self._members[key] = {name: content[name] for name in _OF_MEMBERS if name in content}
            if content.get("membership") not in (JOINED, INVITED):
                del self._members[key]
            return
        if kind == "m.room.create":
            self._creator = str(event.get("sender", ""))
        self._state[kind, key] = content

    def supplement(self, event: Event) -> None:
        """Take a state event in for the time until the server tells it, unless it has told one like it already."""
        kind, key = event["type"], event["state_key"]
        if (key not in self._ever) if kind == "m.room.member" else ((kind, key) not in self._state):
            self.apply(event)

    def _content(self, kind: str) -> Event:
        return self._state.get((kind, ""), {})

    @property
    def name(self) -> str:
        """How people call it, as far as that is known."""
        named = self._content("m.room.name").get("name") or self._content("m.room.canonical_alias").get("alias")
        return named if isinstance(named, str) and named.strip() else ""

    @property
    def is_encrypted(self) -> bool:
        """Whether what is said here is encrypted; once it is, it stays so."""
        return ("m.room.encryption", "") in self._state

    @property
    def encryption(self) -> Event:
        """How it is encrypted: the content of the state event."""
        return self._content("m.room.encryption")

    @property
    def replacement(self) -> str:
        """The room that has taken its place, if it was upgraded."""
        found = self._content("m.room.tombstone").get("replacement_room")
        return found if isinstance(found, str) else ""

    @property
    def predecessor(self) -> str:
        """The room whose place it has taken, if any."""
        before = self._content("m.room.create").get("predecessor")
        found = before.get("room_id") if isinstance(before, dict) else None
        return found if isinstance(found, str) else ""

    @property
    def present(self) -> set[str]:
        """The users who are there or invited."""
        return set(self._members)

    @property
    def joined(self) -> set[str]:
        """The users who are there."""
        return {user for user, content in self._members.items() if content.get("membership") == JOINED}

    def is_deserted(self, own: str) -> bool:
        """Whether we are alone and were not always: a room that is just being made has had nobody else yet."""
        return self.present == {own} and self._ever > {own}

    def display_name(self, user: str) -> str:
        """Return what somebody is called here; empty if they have not said."""
        name = self._members.get(user, {}).get("displayname")
        return name if isinstance(name, str) else ""

    def is_direct_with(self, user: str, own: str) -> bool:
        """Whether we made it to talk with one user, and nobody else is there."""
        return self._creator == own and self.present == {user, own}

    @property
    def creators(self) -> set[str]:
        """The users who outrank everybody here; nobody in rooms of versions before 12."""
        create = self._content("m.room.create")
        version = create.get("room_version")
        if not isinstance(version, str) or not version.isdigit() or int(version) < _CREATORS_OUTRANK:
            return set()
        further = create.get("additional_creators")
        also = [user for user in further if isinstance(user, str)] if isinstance(further, list) else []
        return {self._creator, *also}

    def level(self, user: str) -> int:
        """Return the power level of a user."""
        if user in self.creators:
            return CREATOR_LEVEL
        if ("m.room.power_levels", "") not in self._state:
            return _CREATOR_WITHOUT_LEVELS if user == self._creator else 0
        levels = self._content("m.room.power_levels")
        users = levels.get("users")
        given = users.get(user) if isinstance(users, dict) else None
        return _level(given, _level(levels.get("users_default"), 0))

    def needed(self, kind: str, is_state: bool = False) -> int:
        """Return the power level that sending an event of a kind takes."""
        levels = self._content("m.room.power_levels")
        events = levels.get("events")
        given = events.get(kind) if isinstance(events, dict) else None
        default = self.state_default if is_state else _level(levels.get("events_default"), _EVENTS_DEFAULT)
        return _level(given, default)

    @property
    def state_default(self) -> int:
        """The power level that changing the room takes, and that makes a moderator."""
        return _level(self._content("m.room.power_levels").get("state_default"), _STATE_DEFAULT)

    @property
    def redact_level(self) -> int:
        """The power level that taking back what others said takes."""
        return _level(self._content("m.room.power_levels").get("redact"), _REDACT)

    @property
    def mention_level(self) -> int:
        """The power level that mentioning everybody takes."""
        needed = self._content("m.room.power_levels").get("notifications")
        return _level(needed.get("room") if isinstance(needed, dict) else None, _ROOM_MENTION)

    def is_moderator(self, user: str) -> bool:
        """Whether a user who is there may configure the group."""
        if user not in self.joined:
            return False
        has_levels = ("m.room.power_levels", "") in self._state
        return self.level(user) >= (self.state_default if has_levels else _CREATOR_WITHOUT_LEVELS)

    def may_send(self, user: str, kind: str) -> bool:
        """Whether a user may send events of a kind."""
        return self.level(user) >= self.needed(kind)


def _level(given: object, default: int) -> int:
    """Read a power level; old rooms have some that are written as text."""
    if isinstance(given, bool):
        return default
    if isinstance(given, int):
        return given
    if isinstance(given, float) and given == given and abs(given) < CREATOR_LEVEL:
        return int(given)
    if isinstance(given, str):
        try:
            return int(given.strip())
        except ValueError:
            return default
    return default


class Rooms:
    """The rooms that we are in."""

    def __init__(self) -> None:
        self._rooms: dict[str, Room] = {}

    def __getitem__(self, number: str) -> Room:
        return self._rooms[number]

    def get(self, number: str) -> Room | None:
        """Return a room that we are in; None if we are not."""
        return self._rooms.get(number)

    def enter(self, number: str) -> Room:
        """Return a room, taking it in if it is new."""
        return self._rooms.setdefault(number, Room(number))

    def leave(self, number: str) -> bool:
        """Forget a room; returns whether we were in it."""
        return self._rooms.pop(number, None) is not None

    def all(self) -> list[Room]:
        """Return every room."""
        return list(self._rooms.values())

    def direct_with(self, user: str, own: str) -> Room | None:
        """Return the room that we made to talk with a user alone, if it is still that."""
        return next((room for room in self._rooms.values() if room.is_direct_with(user, own)), None)
