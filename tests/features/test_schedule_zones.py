"""Times of schedules on the wall clock: where clocks change, and where moderators choose another zone."""

import json

import pytest

from bot.platforms.terminal.answer import as_json
from tests.features.conftest import Circle, said, times
from tests.features.schedules import THURSDAYS, line


async def test_until_a_zone_is_chosen_it_says_that_times_are_utc(circle: Circle) -> None:
    assert "until /config timezone says otherwise" in said(await circle.ask(THURSDAYS))
    await circle.ask("/config timezone Europe/Paris")
    assert "says otherwise" not in said(await circle.ask(THURSDAYS))


async def test_the_clock_changes_of_paris_are_marked(circle: Circle) -> None:
    circle.clock.to("2026-03-25 12:00")
    await circle.ask("/config timezone Europe/Paris")
    spring = times(await circle.ask("/schedule add quote daily 02:30"))
    notes = {f"{time.at:%m-%d %H:%M}": time.note for time in spring}
    assert list(notes) == ["03-26 02:30", "03-27 02:30", "03-28 02:30", "03-29 03:30", "03-30 02:30"]
    assert "02:30 does not exist that day, posted at 03:30" in notes["03-29 03:30"]
    circle.clock.to("2026-10-22 12:00")
    autumn = times(await circle.ask("/schedule add quote daily 02:30"))
    marked = {f"{time.at:%m-%d}": time.note for time in autumn if time.note}
    assert "02:30 comes twice, posted at the first" in marked["10-25"]
    assert {f"{time.at:%H:%M}" for time in autumn} == {"02:30"}
    assert "clocks went back" in marked["10-26"] or "10-26" not in marked


async def test_a_weekly_time_says_that_the_clocks_changed_before_it(circle: Circle) -> None:
    circle.clock.to("2026-10-20 12:00")
    await circle.ask("/config timezone Europe/Paris")
    first, second, *_ = times(await circle.ask(THURSDAYS))
    assert not first.note
    assert "clocks went back 1 h on 25 October" in second.note


async def test_times_are_given_to_scripts_as_utc_local_and_note(circle: Circle) -> None:
    circle.clock.to("2026-12-01 12:00")
    await circle.ask("/config timezone Europe/Paris")
    answer = json.loads(as_json(await circle.ask("/schedule add prompt 2026-12-08 18:30")))
    assert answer["occurrences"] == [{"utc": "2026-12-08T17:30:00Z", "local": "2026-12-08 18:30", "note": ""}]


ZONES = [("Europe/Paris", "17:00"), ("Asia/Tokyo", "10:00"), ("America/New_York", "23:00"), ("Asia/Kathmandu", "13:15")]


@pytest.mark.parametrize(("name", "utc"), ZONES)
async def test_times_stay_on_the_wall_clock_when_the_zone_changes(circle: Circle, name: str, utc: str) -> None:
    await circle.ask(THURSDAYS)
    changed = await circle.ask(f"/config timezone {name}")
    assert f"Next prompt: Thursday 7 May 2026 19:00, {name}." in said(changed)
    circle.clock.to(f"2026-05-07 {utc}")
    circle.clock.wait(minutes=-1)
    assert await circle.deliver() == 0
    circle.clock.wait(minutes=1)
    assert await circle.deliver() == 1
    back = await circle.press(changed, "Undo")
    assert "UTC now" in said(back)


async def test_nothing_that_is_past_elsewhere_becomes_due_when_the_zone_changes(circle: Circle) -> None:
    await circle.ask("/schedule add quote daily 08:00")
    circle.clock.to("2026-05-01 03:00")
    changed = await circle.ask("/config timezone Asia/Tokyo")  # where it is noon
    assert "Next quote: Saturday 2 May 2026 08:00, Asia/Tokyo." in said(changed)
    assert await circle.deliver() == 0
    circle.clock.to("2026-05-01 23:00")
    assert await circle.deliver() == 1
    await circle.ask("/config timezone America/New_York")  # where it is still the evening of 1 May
    assert await circle.deliver() == 0
    assert "next Saturday 2 May 2026" not in await line(circle), "it had that one"
    circle.clock.to("2026-05-03 12:00")
    assert await circle.deliver() == 1


async def test_a_channels_own_zone_wins_over_its_servers(circle: Circle) -> None:
    await circle.ask("/config timezone Europe/Paris")
    for who in (circle.moderator, circle.beside, circle.elsewhere):
        await circle.ask(THURSDAYS, who)
    await circle.ask("/config timezone Asia/Tokyo scope:server")
    shown = [said(await circle.ask("/schedule list", who)) for who in (circle.moderator, circle.beside)]
    assert "(Europe/Paris): next Thursday 7 May 2026 19:00" in shown[0]
    assert "(Asia/Tokyo): next Thursday 7 May 2026 19:00" in shown[1]
    assert "(UTC)" in said(await circle.ask("/schedule list", circle.elsewhere))
    await circle.ask("/config timezone default")
    assert "(Asia/Tokyo)" in await line(circle)


async def test_what_was_moved_keeps_its_wall_clock_too_when_the_zone_changes(circle: Circle) -> None:
    await circle.ask(THURSDAYS)
    await circle.ask("/schedule move 1 2026-05-08 20:30")
    assert "Friday 8 May 2026 20:30, Europe/Paris" in said(await circle.ask("/config timezone Europe/Paris"))
    circle.clock.to("2026-05-08 18:29")
    assert await circle.deliver() == 0
    circle.clock.wait(minutes=1)
    assert await circle.deliver() == 1


async def test_what_was_moved_to_a_time_that_is_past_elsewhere_is_posted_when_it_was_meant(circle: Circle) -> None:
    await circle.ask(THURSDAYS)
    await circle.ask("/schedule move 1 2026-05-01 04:00")
    circle.clock.to("2026-05-01 03:00")
    await circle.ask("/config timezone Asia/Tokyo")  # where it is noon
    assert await circle.deliver() == 0
    circle.clock.to("2026-05-01 04:00")
    assert await circle.deliver() == 1
