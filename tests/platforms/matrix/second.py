"""A second client on Matrix, written by others: matrix-nio's own, with its own store, in a process of its own.

Started as a program, it takes one command a line on its standard input, as JSON, and writes one answer or event a line.
Tests drive it by :class:`Second`.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[3]
SECONDS = 20.0
# A line holds at most an event or a list of devices.
_LONGEST_LINE = 4 * 1024 * 1024

Json = dict[str, Any]  # what json makes and takes


class SecondFailed(Exception):
    """The second client could not do what it was told; the message is its own."""


class Second:
    """A second client.

    Attributes:
        user: Who is logged in, such as ``@reader:example.org``.
        device: The id of its device.
        token: Its access token.
        seen: All events of rooms that it has been given, in order; encrypted ones as it decrypted them. Each has
            ``room_id``, ``event_id``, ``sender``, ``type``, ``content``, and whether it was ``decrypted``. An event
            that it cannot read is there as ``m.room.encrypted``, and comes once more when it can be.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.user = self.device = self.token = ""
        self.seen: list[Json] = []
        self._process = process
        self._numbers = count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._news = asyncio.Condition()

    async def login(self, homeserver: str, user: str, password: str) -> None:
        """Log in as a new device, and begin to sync."""
        answer = await self._tell("login", homeserver=homeserver, user=user, password=password)
        self.user, self.device, self.token = answer["user"], answer["device"], answer["token"]

    async def create_room(
        self, *invited: str, encrypted: bool = True, version: str | None = None, name: str = "", direct: bool = False
    ) -> str:
        """Make a room, encrypted unless told otherwise; returns its id."""
        room: str = await self._tell(
            "create_room", invite=list(invited), encrypted=encrypted, version=version, name=name, direct=direct
        )
        return room

    async def join(self, room_id: str) -> None:
        """Accept an invitation."""
        await self._tell("join", room_id=room_id)

    async def leave(self, room_id: str) -> None:
        """Leave a room."""
        await self._tell("leave", room_id=room_id)

    async def invite(self, room_id: str, user: str) -> None:
        """Invite somebody."""
        await self._tell("invite", room_id=room_id, user=user)

    async def say(self, room_id: str, text: str, **content: Any) -> str:
        """Send a text (encrypted where the room is), with more content if need be; returns the event's id."""
        return await self.send(room_id, "m.room.message", {"msgtype": "m.text", "body": text, **content})

    async def send(self, room_id: str, kind: str, content: Json) -> str:
        """Send an event; returns its id."""
        event_id: str = await self._tell("send", room_id=room_id, kind=kind, content=content)
        return event_id

    async def edit(self, room_id: str, event_id: str, text: str) -> str:
        """Replace the text of an event of its own; returns the edit's id."""
        return await self.say(
            room_id,
            f"* {text}",
            **{
                "m.new_content": {"msgtype": "m.text", "body": text},
                "m.relates_to": {"rel_type": "m.replace", "event_id": event_id},
            },
        )

    async def reply(self, room_id: str, event_id: str, text: str, thread: str = "") -> str:
        """Answer an event, in a thread if its root is given; returns the answer's id."""
        relation: Json = {"m.in_reply_to": {"event_id": event_id}}
        if thread:
            relation |= {"rel_type": "m.thread", "event_id": thread, "is_falling_back": event_id == thread}
        return await self.say(room_id, text, **{"m.relates_to": relation})

    async def react(self, room_id: str, event_id: str, key: str) -> str:
        """React to an event; returns the reaction's id."""
        relation = {"rel_type": "m.annotation", "event_id": event_id, "key": key}
        return await self.send(room_id, "m.reaction", {"m.relates_to": relation})

    async def redact(self, room_id: str, event_id: str) -> str:
        """Remove an event; returns the redaction's id."""
        redaction: str = await self._tell("redact", room_id=room_id, event_id=event_id)
        return redaction

    async def devices(self, user: str) -> Json:
        """Return what the server tells it of somebody's devices and cross-signing keys (an answer of keys/query)."""
        answer: Json = await self._tell("devices", user=user)
        return answer

    async def logout(self) -> None:
        """Log the device out, so that it is no more."""
        await self._tell("logout")

    async def wait(self, wanted: Callable[[Json], bool], seconds: float = SECONDS) -> Json:
        """Return the first event, of all that were and those that come, that is wanted.

        Raises:
            TimeoutError: None came.
        """
        at = 0
        async with asyncio.timeout(seconds), self._news:
            while True:
                for event in self.seen[at:]:
                    if wanted(event):
                        return event
                at = len(self.seen)
                await self._news.wait()

    async def wait_for_text(self, room_id: str, text: str, seconds: float = SECONDS) -> Json:
        """Return the first event in a room whose body has a text in it."""
        return await self.wait(
            lambda event: event["room_id"] == room_id and text in str(event["content"].get("body", "")), seconds
        )

    async def wait_for_event(self, event_id: str, seconds: float = SECONDS) -> Json:
        """Return an event by its id, once it can be read."""
        return await self.wait(
            lambda event: event["event_id"] == event_id and event["type"] != "m.room.encrypted", seconds
        )

    async def listen(self) -> None:
        """Take what it writes, until it ends."""
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            said = json.loads(line)
            if "event" in said:
                async with self._news:
                    self.seen.append(said["event"])
                    self._news.notify_all()
            elif not (answer := self._answers.pop(said["number"])).done():
                if "failed" in said:
                    answer.set_exception(SecondFailed(said["failed"]))
                else:
                    answer.set_result(said["answer"])
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(SecondFailed("it has ended"))

    async def _tell(self, command: str, **arguments: Any) -> Any:
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"number": number, "command": command, **arguments}).encode() + b"\n")
        await self._process.stdin.drain()
        async with asyncio.timeout(2 * SECONDS):
            return await answer


@asynccontextmanager
async def open_second(folder: Path) -> AsyncIterator[Second]:
    """Start a second client that keeps what it has in a folder; what goes wrong in it is in ``second.log`` there."""
    with _log(folder) as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.platforms.matrix.second", str(folder)),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            limit=_LONGEST_LINE,
        )
    second = Second(process)
    listening = asyncio.create_task(second.listen())
    try:
        yield second
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        await listening
        assert process.stdin is not None
        process.stdin.close()


def _log(folder: Path) -> IO[bytes]:
    folder.mkdir(parents=True, exist_ok=True)
    return (folder / "second.log").open("ab")


class Program:
    """What the process does: nio's client, and the commands that it takes."""

    def __init__(self, folder: Path) -> None:
        # Imported here, so that tests which drive the process do not load it all.
        import nio

        self._nio = nio
        self._folder = folder
        self._client: Any = (
            None  # nio's answers are of a type and of its error's, which nio tells apart at run time only
        )
        self._syncing: asyncio.Task[None] | None = None
        self._unread: list[Any] = []

    async def run(self) -> None:
        """Do one command after another, until there is no more input."""
        lines = asyncio.StreamReader(limit=_LONGEST_LINE)
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        while line := await lines.readline():
            told = json.loads(line)
            number, command = told.pop("number"), told.pop("command")
            try:
                say({"number": number, "answer": await getattr(self, command)(**told)})
            except Exception as error:  # told to the test, which fails with it
                say({"number": number, "failed": f"{command}: {type(error).__name__}: {error}"})

    async def login(self, homeserver: str, user: str, password: str) -> Json:
        nio = self._nio
        config = nio.AsyncClientConfig(encryption_enabled=True, store_sync_tokens=False)
        self._client = nio.AsyncClient(homeserver, user, store_path=str(self._folder), config=config)
        self._done(await self._client.login(password, device_name="Second"))
        self._client.add_event_callback(self._take, None)
        self._client.add_response_callback(self._read_again, nio.SyncResponse)
        self._syncing = asyncio.create_task(self._client.sync_forever(timeout=30_000, full_state=True))
        await self._client.synced.wait()
        return {"user": self._client.user_id, "device": self._client.device_id, "token": self._client.access_token}

    async def create_room(
        self, invite: list[str], encrypted: bool, version: str | None, name: str, direct: bool
    ) -> str:
        state = [{"type": "m.room.encryption", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}] if encrypted else []
        made = await self._client.room_create(
            invite=invite, initial_state=state, room_version=version, name=name or None, is_direct=direct
        )
        room: str = self._done(made).room_id
        await self._until(room, lambda found: found.encrypted or not encrypted)
        return room

    async def join(self, room_id: str) -> None:
        self._done(await self._client.join(room_id))
        await self._until(room_id, lambda found: True)

    async def leave(self, room_id: str) -> None:
        self._done(await self._client.room_leave(room_id))

    async def invite(self, room_id: str, user: str) -> None:
        self._done(await self._client.room_invite(room_id, user))

    async def send(self, room_id: str, kind: str, content: Json) -> str:
        sent = await self._client.room_send(room_id, kind, content, ignore_unverified_devices=True)
        event_id: str = self._done(sent).event_id
        return event_id

    async def redact(self, room_id: str, event_id: str) -> str:
        redaction: str = self._done(await self._client.room_redact(room_id, event_id)).event_id
        return redaction

    async def devices(self, user: str) -> Any:
        answer = await self._client.send(
            "POST",
            "/_matrix/client/v3/keys/query",
            json.dumps({"device_keys": {user: []}}),
            {"Authorization": f"Bearer {self._client.access_token}", "Content-Type": "application/json"},
        )
        return await answer.json()

    async def logout(self) -> None:
        if self._syncing is not None:
            self._syncing.cancel()
        self._done(await self._client.logout())

    async def _until(self, room_id: str, settled: Callable[[Any], bool]) -> None:
        """Wait until a room has come with a sync."""
        async with asyncio.timeout(SECONDS):
            while room_id not in self._client.rooms or not settled(self._client.rooms[room_id]):
                await self._client.synced.wait()

    def _done(self, answer: Any) -> Any:
        if isinstance(answer, self._nio.ErrorResponse):
            raise RuntimeError(str(answer))
        return answer

    async def _take(self, room: Any, event: Any) -> None:
        if isinstance(event, self._nio.MegolmEvent):
            event.room_id = room.room_id
            self._unread.append(event)
        tell(room.room_id, event)

    async def _read_again(self, _: Any) -> None:
        """Read what could not be read when it came, since its key may have come since."""
        for event in list(self._unread):
            with suppress(self._nio.EncryptionError):
                read = self._client.decrypt_event(event)
                self._unread.remove(event)
                tell(event.room_id, read)


def tell(room_id: str, event: Any) -> None:
    """Tell of an event."""
    keys = ("event_id", "sender", "type", "content", "origin_server_ts", "state_key", "redacts")
    told = {key: event.source[key] for key in keys if key in event.source}
    say({"event": {"room_id": room_id, "decrypted": bool(getattr(event, "decrypted", False)), **told}})


def say(line: Json) -> None:
    """Write a line."""
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    asyncio.run(Program(Path(sys.argv[1])).run())
