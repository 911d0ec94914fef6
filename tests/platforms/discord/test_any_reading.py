"""Whatever is read, in any language and of any shape: what is sent keeps Discord's limits, and is sent."""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from simcord.results import ResponseMessage

from bot.platforms.discord import limits
from cogs.menus import DISCUSS, FIND
from tests.platforms.discord.circle import Circle, Message, buttons, meeting, text
from tests.platforms.discord.hostile import SIGNS

MORE_IS_SAID = "There is more than fits here"
WORDS = (
    *(sign for sign in SIGNS if sign.isprintable() and sign.strip()),
    *"свобода 革命の歴史は長い ประวัติศาสตร์ révolution d’octobre ثورة e\u0301\u0302\u0303 নির্বাচন".split(),
    "אנרכיזם", "x" * 150, "🙂" * 40, "👩‍👩‍👧‍👦" * 12, "漢" * 300, "Weissman (2001, p. 183)", "“quoted words here”",
    "https://x.org/" + "y" * 90,
)  # fmt: skip

ASKED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("about", {}),
    ("contents", {}),
    ("read", {"place": "1"}),
    ("read", {"place": "¶1"}),
    ("quote", {}),
    ("quote", {"words": "Serge"}),
    ("search", {"words": "Serge"}),
    ("summary", {"section": "1"}),
    ("discuss", {}),
    ("glossary", {}),
    ("glossary", {"term": "Serge"}),
    ("glossary", {"term": "timeline"}),
    ("cite", {"style": "bibtex"}),
    ("cite", {"place": "¶1"}),
)


def quoted(value: str) -> str:
    """Return a TOML string."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def write(folder: Path, words: list[str], sections: int, length: int, dice: Random) -> Path:
    """Write a reading with all its study files, out of these words."""

    def text_of(count: int) -> str:
        return " ".join(dice.choice(words) for _ in range(max(1, count)))

    headings = [f"{number} {text_of(dice.randint(1, 6))[:180]}".strip() for number in range(2, sections + 1)]
    blocks = [f"Serge said “quoted words here”, and {text_of(length)}."]
    for heading in headings:
        blocks += [heading, f"Serge wrote {text_of(length)}."]
    reading = folder / "made-up"
    reading.mkdir(parents=True)
    (reading / "source.txt").write_text("\n\n".join(blocks) + "\n", encoding="utf-8")
    listed = "".join(f"  {quoted(each)},\n" for each in headings)
    (reading / "reading.toml").write_text(
        f'title = {quoted(text_of(4))}\nauthor = {quoted(text_of(2))}\nlanguage = "en"\nyear = 2007\n'
        f"about_author = {quoted(text_of(9))}\nsource = {quoted(text_of(9))}\n[text]\nheadings = [\n{listed}]\n",
        encoding="utf-8",
    )

    def claim() -> str:
        return f'text = {quoted(text_of(length))}\nanchors = ["1.1"]\n'

    (reading / "summaries.toml").write_text(
        "".join(
            f"[[section]]\nnumber = {number}\n" + "".join(f"[[section.claim]]\n{claim()}" for _ in range(5))
            for number in range(1, sections + 1)
        ),
        encoding="utf-8",
    )
    says = ", ".join(f'{{ text = {quoted(text_of(length))}, anchors = ["1.1"] }}' for _ in range(6))
    (reading / "glossary.toml").write_text(
        f'[[entry]]\nterm = "Serge"\nkind = "person"\nnames = ["Serge"]\naliases = []\nsays = [{says}]\n',
        encoding="utf-8",
    )
    (reading / "timeline.toml").write_text(
        "".join(f'[[event]]\ndate = "{1890 + number}"\n{claim()}' for number in range(30)), encoding="utf-8"
    )
    follow = ", ".join(quoted(text_of(length)) for _ in range(4))
    (reading / "prompts.toml").write_text(
        f'[[prompt]]\nid = "one"\nquestion = {quoted(text_of(length) + "?")}\nkind = "evaluative"\nplace = "core"\n'
        f'minutes = 20\nthemes = []\nat = "1.1"\npassage = "Serge said"\nfollow_ups = [{follow}]\n'
        f"positions = [{quoted(text_of(3))}, {quoted(text_of(length))}]\n",
        encoding="utf-8",
    )
    return folder


def check(circle: Circle) -> int:
    """Hold everything that was sent against the limits; returns how many messages there were."""
    messages = 0
    for request in circle.env.http_requests:
        body = request.json or {}
        if "commands" in request.path or not isinstance(body, dict):
            continue
        sent = body.get("data") or body
        found, waiting = [], list(sent.get("components") or ())
        while waiting:
            each = waiting.pop()
            found.append(each)
            waiting += each.get("components") or ()
        if not found:
            continue
        messages += 1
        texts = [str(each["content"]) for each in found if each["type"] == 10]
        assert sum(map(limits.length, texts)) <= limits.TEXT
        assert all(each.strip() for each in texts)
        assert len(found) <= limits.COMPONENTS
        ids = [str(each["custom_id"]) for each in found if each["type"] == 2]
        assert len(set(ids)) == len(ids)
        assert all(limits.length(each) <= limits.CUSTOM_ID for each in ids)
        assert all(0 < limits.length(str(each["label"])) <= limits.LABEL for each in found if each["type"] == 2)
        assert not any("@everyone" in each.replace("\\@everyone", "") for each in texts if "```" not in each)
    return messages


async def chosen(circle: Circle, menu: str, message: Message) -> list[Message]:
    """Use a menu on a message; returns the answer, which is in several messages if it is long, as it has no line."""
    result = await circle.anna.context_menu(circle.channel, menu, message)
    found = [each for each in (result.response, *result.followups) if each is not None]
    assert 1 <= len(found) <= limits.FOLLOW_UPS_OUTSIDE
    return [*found]


async def ask_everything(state: Path, data: Path) -> None:
    """Give every command in a circle that reads this, turn each page, and press each button."""
    async with meeting(state, data) as circle:
        for name, options in ASKED:
            circle.seconds += 60
            message: Message = await circle.ask(name, **options)
            assert "Something went wrong" not in text(message), (name, options)
            for label in buttons(message):
                circle.seconds += 60
                if label != "Poll":
                    assert "Something went wrong" not in text(await circle.press(message, label)), (name, label)
        for option, name in (("words", "quote"), ("section", "summary"), ("term", "glossary")):
            for typed in ("", "s", "1"):
                offered = await circle.anna.autocomplete(circle.channel, name, option, typed)
                assert len(offered) <= limits.CHOICES
                assert all(0 < limits.length(str(each[key])) <= limits.CHOICE for each in offered for key in each)
        message = await circle.boris.send(circle.channel, "Serge said what they all said, again and again.")
        for menu in (FIND, DISCUSS):
            circle.seconds += 60
            assert all("Something went wrong" not in text(each) for each in await chosen(circle, menu, message))
        assert check(circle) > len(ASKED)


@pytest.fixture(scope="module", autouse=True)
def patience() -> Iterator[None]:
    """Let answers come when they come: on a busy machine, one that takes a second would be announced first."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("bot.platforms.discord.respond.PATIENCE", 60.0)
        yield


@pytest.mark.extended
@settings(
    deadline=None,
    max_examples=3,
    phases=[Phase.explicit, Phase.generate],  # each takes seconds
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=12),
    st.sampled_from([1, 3, 30]),
    st.sampled_from([1, 30, 150]),
    st.integers(0, 9),
)
async def test_any_reading_is_shown(
    tmp_path_factory: pytest.TempPathFactory, words: list[str], sections: int, length: int, dice: int
) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / "state").mkdir()
    await ask_everything(folder / "state", write(folder / "data", words, sections, length, Random(dice)))


@pytest.mark.parametrize(("length", "several"), [(15, 2), (150, limits.FOLLOW_UPS_OUTSIDE)])
async def test_what_a_menu_finds_comes_in_as_many_messages_as_may_be_sent(
    tmp_path: Path, length: int, several: int
) -> None:
    (tmp_path / "state").mkdir()
    data = write(tmp_path / "data", ["漢" * 300], 1, length, Random(1))
    async with meeting(tmp_path / "state", data) as circle:
        message = await circle.boris.send(circle.channel, "Serge said what they all said, again and again.")
        found = await chosen(circle, FIND, message)
        assert len(found) == several
        assert all(each.ephemeral for each in found if isinstance(each, ResponseMessage))
        assert (MORE_IS_SAID in text(found[-1])) == (length == 150)


@pytest.mark.extended
async def test_a_thousand_sections_are_shown(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    await ask_everything(tmp_path / "state", write(tmp_path / "data", list(WORDS), 1000, 3, Random(1)))
