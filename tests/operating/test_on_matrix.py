"""Setting up, looking over, backing up and restoring a bot on a real homeserver."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.operating.manifest import IDENTITY
from bot.platforms.matrix.serving import WRONG_LOGIN
from bot.settings import read_configuration
from bot.store.state import FILE
from tests.operating.test_doctor import contents
from tests.platforms.matrix.conftest import Member
from tests.platforms.matrix.plain import Json, Plain
from tests.platforms.matrix.process import running_bot
from tests.platforms.matrix.synapse import Synapse, User
from tests.platforms.terminal.door import BOT, Finished, Screen, run, screen

SECONDS = 60.0


def typed(state: Path, *words: str, stdin: str = "", **variables: str) -> Finished:
    """Type a command."""
    return run(state, *words, typed=stdin.encode(), command=BOT, **variables)


async def flags(homeserver: Synapse) -> tuple[User, list[str]]:
    """Return a new account for a bot, and the flags that set it up."""
    account = await homeserver.register(homeserver.fresh("kruzhok"))
    return account, ["--matrix-homeserver", homeserver.address, "--matrix-user", account.id]


async def devices(homeserver: Synapse, user: User) -> int:
    """Return how many devices an account has."""
    from bot.platforms.matrix.homeserver import Homeserver, open_session

    async with open_session() as session:
        answer = await Homeserver(homeserver.address, session, user.token).ask("GET", "v3/devices")
    return len(answer["devices"])


def says(*texts: str) -> Callable[[Json], bool]:
    """Tell messages in which all these stand."""
    return lambda event: all(text in str(event["content"].get("body", "")) for text in texts)


async def test_a_password_is_tried_and_leaves_no_device(homeserver: Synapse, tmp_path: Path) -> None:
    account, words = await flags(homeserver)
    state = tmp_path / "state"
    before = await devices(homeserver, account)
    more = ("--matrix-password-file", "-", "--yes", "--no-wait")
    done = await asyncio.to_thread(typed, state, "setup", *words, *more, stdin="a wrong password")
    assert (done.code, done.err) == (78, f"{WRONG_LOGIN}\n")
    assert not state.exists()
    done = await asyncio.to_thread(typed, state, "setup", *words, *more, stdin=account.password)
    assert (done.code, done.err) == (0, "")
    assert f"invite {account.id} to your room" in done.out
    assert account.password not in done.out
    assert f'homeserver = "{homeserver.address}"' in (state / "settings.toml").read_text()
    assert await devices(homeserver, account) == before


@pytest.mark.extended
async def test_a_token_is_tried_and_takes_the_place_of_a_password(homeserver: Synapse, tmp_path: Path) -> None:
    account, words = await flags(homeserver)
    other, _ = await flags(homeserver)
    state, secret = tmp_path / "state", tmp_path / "token"
    before = await devices(homeserver, account)
    more = ("--yes", "--no-wait")
    done = await asyncio.to_thread(
        typed, state, "setup", *words, "--matrix-password-file", "-", *more, stdin=account.password
    )
    assert (done.code, done.err) == (0, "")
    for wrong, said in (("no token", "does not accept KRUZHOK_MATRIX_TOKEN"), (other.token, f"{other.id} is let in")):
        secret.write_text(wrong.replace(" ", "_"))
        done = await asyncio.to_thread(typed, state, "setup", *words, "--matrix-token-file", str(secret), *more)
        assert (done.code, said in done.err) == (78, True), done
    secret.write_text(f"{account.token}\n")
    done = await asyncio.to_thread(typed, state, "setup", *words, "--matrix-token-file", str(secret), *more)
    assert (done.code, done.err) == (0, "")
    assert account.token not in done.out
    settings = read_configuration({"KRUZHOK_STATE": str(state)}).matrix
    assert settings is not None
    assert (settings.token, settings.password) == (account.token, "")
    written = (state / "settings.toml").read_text()
    assert f'token_file = "{secret}"' in written
    assert account.token not in written
    assert await devices(homeserver, account) == before


async def test_a_token_can_be_typed_where_nobody_sees_it(homeserver: Synapse, tmp_path: Path) -> None:
    account, words = await flags(homeserver)

    def sit() -> tuple[str, int]:
        with screen(tmp_path / "state", "setup", *words, "--no-wait", columns=80, rows=40) as shown:
            shown.until("Its password, or Enter for an access token (not shown): ")
            shown.type("\r")
            shown.until("An access token of a device of its own (not shown): ")
            shown.type(f"{account.token}\r")
            shown.until("Write it? [Y/n] ")
            shown.type("\r")
            shown.until("To start the bot")
            return shown.shown, shown.end()

    shown, code = await asyncio.to_thread(sit)
    assert code == 0, shown
    assert account.token not in shown
    settings = read_configuration({"KRUZHOK_STATE": str(tmp_path / "state")}).matrix
    assert settings is not None
    assert settings.token == account.token


async def test_it_waits_for_the_first_room_and_posts_a_prompt_there(
    homeserver: Synapse, member: Member, tmp_path: Path
) -> None:
    account, words = await flags(homeserver)
    state, reader = tmp_path / "state", await member()
    room = await reader.create_room(name="Reading group")
    loop = asyncio.get_running_loop()

    def talk(shown: Screen) -> None:
        shown.until("Its password, or Enter for an access token (not shown): ")
        shown.type(f"{account.password}\r")
        shown.until("Write it? [Y/n] ")
        shown.type("\r")
        shown.until("Waiting for the first room")
        asyncio.run_coroutine_threadsafe(reader.invite(room, account.id), loop).result(SECONDS)
        shown.until("1  Reading group")
        shown.until("Enter for nowhere: ")
        shown.type("1\r")
        shown.until("Posted")

    def sit() -> tuple[str, int]:
        with screen(state, "setup", *words, columns=80, rows=40) as shown:
            talk(shown)
            return shown.shown, shown.end()

    shown, code = await asyncio.to_thread(sit)
    assert code == 0, shown
    post = await reader.wait_for(lambda event: event["content"].get("msgtype") == "m.text", room)
    assert post["sender"] == account.id
    with closing(sqlite3.connect(state / FILE)) as connection:
        assert connection.execute("SELECT state, counted FROM occurrence").fetchall() == [("posted", 0)]


@pytest.mark.extended
async def test_doctor_asks_the_homeserver_and_changes_nothing(
    homeserver: Synapse, member: Member, tmp_path: Path
) -> None:
    account, _ = await flags(homeserver)
    state = tmp_path / "state"
    state.mkdir()
    variables = {
        "KRUZHOK_MATRIX_HOMESERVER": homeserver.address,
        "KRUZHOK_MATRIX_USER": account.id,
        "KRUZHOK_MATRIX_PASSWORD": account.password,
    }

    async def looked() -> dict[str, dict[str, Any]]:
        done = await asyncio.to_thread(typed, state, "doctor", "--online", "--json", **variables)
        assert done.err == ""
        assert account.password not in done.out
        return {each["name"]: each for each in json.loads(done.out)["findings"]}

    assert "there is no device yet" in (await looked())["matrix"]["text"]
    reader = await member()
    with running_bot(state, homeserver.address, account) as bot:
        await comes(reader, await reader.create_room(invite=[account.id]), account)
        running = await looked()
        assert bot.stop() == 0
    before = contents(state)
    stopped = await looked()
    assert contents(state) == before
    device = json.loads((state / IDENTITY).read_text())["device"]
    for found in (running, stopped):
        assert device in found["matrix"]["text"]
        names = ("matrix", "matrix signature", "matrix device", "state", "clock online")
        assert [found[name]["state"] for name in names] == ["ok"] * len(names)


async def comes(reader: Plain, room: str, account: User) -> None:
    """Wait until the bot has joined a room: what was said before is not meant for it."""
    await reader.wait_for(
        lambda event: event.get("state_key") == account.id and event["content"].get("membership") == "join",
        room,
        SECONDS,
    )


async def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so in another process."""
    async with asyncio.timeout(SECONDS):
        while not is_so():  # noqa: ASYNC110 - another process makes it so
            await asyncio.sleep(0.05)


@pytest.mark.extended
async def test_a_restored_bot_is_a_new_device_and_answers_nothing_twice(
    homeserver: Synapse, member: Member, tmp_path: Path
) -> None:
    account, _ = await flags(homeserver)
    state, reader = tmp_path / "state", await member()
    state.mkdir()
    file = tmp_path / "copy.tar"
    room = await reader.create_room(invite=[account.id])
    with running_bot(state, homeserver.address, account) as bot:
        await comes(reader, room, account)
        await reader.send(room, "!quote Cheka")
        await reader.wait_for(says("Cheka", "¶"), room, SECONDS)
        assert (await asyncio.to_thread(typed, state, "backup", str(file))).code == 0
        await reader.send(room, "!quote Kronstadt")
        await reader.wait_for(says("Kronstadt", "¶"), room, SECONDS)
        assert bot.stop() == 0
        device = json.loads((state / IDENTITY).read_text())["device"]
        done = await asyncio.to_thread(typed, state, "restore", str(file))
        assert done.code == 0, done.err
        assert "becomes a new device" in done.out
        bot.start()
        await until(lambda: not (state / "matrix" / "restored.json").exists())
        await reader.send(room, "!contents")
        await reader.wait_for(says("Introduction"), room, SECONDS)
        assert json.loads((state / IDENTITY).read_text())["device"] != device
        assert bot.stop() == 0
    sent = [event for event in await reader.messages(room) if event["sender"] == account.id]
    answers = [str(event["content"].get("body", "")) for event in sent if event["type"] == "m.room.message"]
    assert sum("Cheka" in each and "¶" in each for each in answers) == 1
    assert sum("Kronstadt" in each and "¶" in each for each in answers) == 1
