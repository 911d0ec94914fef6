"""Which groups there are, whose they are, and that nothing is left of those that are forgotten."""

from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.store.chosen import Chosen
from bot.store.given import Given
from bot.store.groups import Groups
from bot.store.schedules import Schedules
from bot.store.state import State, open_state

NOW = datetime(2026, 5, 1, 0, 30, tzinfo=UTC)
LATER = NOW + timedelta(days=30)


async def opened(stack: AsyncExitStack, folder: Path) -> tuple[State, Groups]:
    """Open the groups: two of one server, one of another, and one of none."""
    state = await open_state(stack, folder)
    chosen = Chosen(state, Schedules(state, "2026a"), lambda: 0.0)
    groups = Groups(state, chosen)
    for group, server in (("d:1", "d:server:1"), ("d:2", "d:server:1"), ("d:3", "d:server:3"), ("d:4", "")):
        await groups.seen(group, server)
        await chosen.choose(group, {"grace": "2"}, [], "d:mo", NOW)
        await Given(state).give_first(group, "r", "quote", ["1.1"], NOW)
    for server in ("d:server:1", "d:server:3"):
        await chosen.choose(server, {"grace": "3"}, [], "d:mo", NOW)
    return state, groups


async def known(state: State) -> dict[str, str]:
    """Return the server of every group that is known."""
    return dict(await state.all("SELECT group_id, server FROM known_group"))


async def test_the_servers_of_a_platform_are_known(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        _, groups = await opened(stack, tmp_path)
        assert await groups.servers("d") == {"d:server:1", "d:server:3"}
        assert await groups.servers("x") == set()


async def test_a_channel_that_moves_belongs_to_its_new_server(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        state, groups = await opened(stack, tmp_path)
        await groups.seen("d:1", "d:server:3")
        assert (await known(state))["d:1"] == "d:server:3"


async def test_groups_that_were_left_are_forgotten_with_their_server(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        state, groups = await opened(stack, tmp_path)
        await groups.left(["d:server:1"], NOW)
        await groups.left(["d:server:1"], LATER)  # a second look does not begin the thirty days anew
        assert await groups.forget_left_before(NOW) == 0
        assert await groups.forget_left_before(NOW + timedelta(milliseconds=1)) == 2
        assert await known(state) == {"d:3": "d:server:3", "d:4": ""}
        for scope in ("d:1", "d:2", "d:server:1"):
            assert await groups.everything(scope) == {}
        assert set(await groups.everything("d:3")) == {"given", "setting", "change", "known_group"}
        assert set(await groups.everything("d:server:3")) == {"setting", "change"}


async def test_what_is_chosen_for_a_server_stays_while_one_of_its_groups_does(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        _, groups = await opened(stack, tmp_path)
        await groups.gone("d:1", NOW)
        assert await groups.forget_left_before(LATER) == 1
        assert await groups.everything("d:1") == {}
        assert set(await groups.everything("d:server:1")) == {"setting", "change"}


async def test_groups_that_are_joined_or_heard_of_again_are_not_forgotten(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        _, groups = await opened(stack, tmp_path)
        await groups.left(["d:server:1", "d:server:3"], NOW)
        await groups.joined(["d:server:1"])
        await groups.seen("d:3", "d:server:3")
        assert await groups.forget_left_before(LATER) == 0


async def test_one_group_is_forgotten_whole_and_alone(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        _, groups = await opened(stack, tmp_path)
        before = await groups.everything("d:2")
        assert await groups.forget("d:1") == 4
        assert await groups.everything("d:1") == {}
        assert await groups.everything("d:2") == before
        assert await groups.forget("d:1") == 0
