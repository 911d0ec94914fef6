"""What the README says under "Run it on Matrix" works as it is written, in an encrypted room too."""

import asyncio
import os
import re
import signal
import stat
import sys
from pathlib import Path

from tests.platforms.matrix.conftest import Member
from tests.platforms.matrix.process import ROOT
from tests.platforms.matrix.second import open_second
from tests.platforms.matrix.synapse import Synapse

README = (ROOT / "README.md").read_text("utf-8")
SECONDS = 60.0


def commands() -> str:
    """Return the commands of the section."""
    section = README.partition("## Run it on Matrix\n")[2].partition("\n## ")[0]
    (block,) = re.findall(r"```text\n(.*?)```", section, re.DOTALL)
    return "".join(line.strip() + "\n" for line in block.splitlines())


def clone(folder: Path) -> Path:
    """Make a folder in which ``./kruzhok`` is this Kruzhok, with this Python and no network."""
    folder.mkdir()
    script = folder / "kruzhok"
    script.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -P -m bot "$@"\n', encoding="utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return folder


async def test_the_readmes_steps_bring_the_bot_into_rooms_plain_and_encrypted(
    state: Path, homeserver: Synapse, member: Member, tmp_path: Path
) -> None:
    account = await homeserver.register(homeserver.fresh("kruzhok"))
    typed = commands().replace("https://matrix.example.org", homeserver.address)
    typed = typed.replace("@kruzhok:example.org", account.id)
    assert homeserver.address in typed
    assert account.id in typed
    process = await asyncio.create_subprocess_exec(
        *("sh", "-e", "-c", typed.replace("./kruzhok run", "exec ./kruzhok run")),
        cwd=clone(tmp_path / "clone"),
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "KRUZHOK_STATE": str(state), "LANG": "C.UTF-8"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdin is not None
    process.stdin.write(f"{account.password}\n".encode())
    process.stdin.close()
    try:
        person = await member()
        room = await person.create_room(preset="private_chat", invite=[account.id])
        await person.wait_for(
            lambda event: event["sender"] == account.id and event["content"].get("membership") == "join", room, SECONDS
        )
        await person.send(room, "!quote Cheka")
        await person.wait_for(lambda event: "self-inflicted" in event["content"].get("body", ""), room, SECONDS)
        reader = await homeserver.register(homeserver.fresh())
        async with open_second(tmp_path / "second") as second:
            await second.login(homeserver.address, reader.id, reader.password)
            hidden = await second.create_room(account.id)
            await second.wait(
                lambda event: event["sender"] == account.id and event["content"].get("membership") == "join", SECONDS
            )
            await second.say(hidden, "!quote Cheka")
            answer = await second.wait_for_text(hidden, "self-inflicted", SECONDS)
        assert answer["decrypted"]
    finally:
        process.send_signal(signal.SIGTERM)
        out, _ = await asyncio.wait_for(process.communicate(), SECONDS)
    assert (process.returncode, out.decode()) == (0, "")
