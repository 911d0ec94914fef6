"""Everything that was authored is held to the text; and every guard is shown to catch what it guards against."""

import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.settings import SHIPPED_DATA
from tests.library.editorial import problems_of, reviewed_words, shipped

REVIEWED = reviewed_words(Path(__file__).with_name("reviewed_names.txt"))
ESSAY = SHIPPED_DATA / "price-serge"
# What the essay's prompts must lead to, none of them too often.
THEMES = {
    "power", "cheka", "kronstadt", "rule-without-class", "lesser-evil", "lenin-trotsky-stalin", "roads-not-taken",
    "alliances", "campism", "judging-a-life",
}  # fmt: skip


def test_every_file_of_every_reading_is_as_it_should_be() -> None:
    problems = [problem for folder in shipped(SHIPPED_DATA) for problem in problems_of(folder, REVIEWED)]
    assert not problems, "\n" + "\n".join(problems)


def test_the_prompts_cover_what_the_essay_is_about() -> None:
    prompts = tomllib.loads((ESSAY / "prompts.toml").read_text("utf-8"))["prompt"]
    assert {theme for each in prompts for theme in each["themes"]} >= THEMES


def test_every_reviewed_name_is_still_needed() -> None:
    for word in sorted(REVIEWED):
        problems = [problem for folder in shipped(SHIPPED_DATA) for problem in problems_of(folder, REVIEWED - {word})]
        assert problems, f"{word} need not be on the list"
        assert all(word in problem for problem in problems)


@dataclass(frozen=True)
class Mistake:
    """A change that makes a file wrong, and what must be said of it.

    Attributes:
        old: What ``new`` is written for, wherever it stands; empty to write it at the end of the file.
        line: Stands on the line that must be named: the first one from where ``new`` is; empty for line 1.
    """

    file: str
    old: str
    new: str
    line: str
    said: str


CLAIM = '\n[[section.claim]]\ntext = "{}"\nanchors = ["{}"]\n'
PROMPT = """
[[prompt]]
id = "{id}"
question = "{question}"
kind = "{kind}"
place = "core"
minutes = {minutes}
themes = ["power"]
at = "{at}"
passage = "{passage}"
follow_ups = ["{follow_up}"]
"""
GOOD_PROMPT = {
    "id": "new-one", "question": "What would you have told him on that day?", "kind": "applying", "minutes": "20",
    "at": "1.3", "passage": "Trotskyists often cite him against anarchism.", "follow_up": "And then?",
}  # fmt: skip


def prompt(**changed: str) -> str:
    """Return a prompt without mistakes but for those given."""
    return PROMPT.format(**GOOD_PROMPT | changed)


ENTRY = '\n[[entry]]\nterm = "{}"\nkind = "{}"\nnames = ["{}"]\nsays = [{{ text = "{}", anchors = ["{}"] }}]\n'
EVENT = '\n[[event]]\ndate = "{}"\ntext = "{}"\nanchors = ["{}"]\n'

MISTAKES = {
    # Files
    "not TOML": Mistake("prompts.toml", "", "\nthis is not TOML\n", "this is not TOML", "Expected"),
    "no UTF-8": Mistake("glossary.toml", "", "\n# \udcff\n", "# \udcff", "this is not UTF-8"),
    "a file that nobody reads": Mistake("summary.toml", "", "x = 1", "", "nothing reads this file"),
    "a mistyped key": Mistake("reading.toml", "year = 2007", 'year = "2007"', "year =", "must be a whole number"),
    "a heading that is not there": Mistake("reading.toml", "Moves Right", "Moves On", "Moves On", "is the heading"),
    "headings out of order": Mistake(
        "reading.toml",
        '  "Serge Moves Right",\n  "The Life of Victor Serge",',
        '  "The Life of Victor Serge",\n  "Serge Moves Right",',
        '"Serge Moves Right"', "not in the order of the text",
    ),
    # Anchors
    "no such sentence": Mistake("summaries.toml", "", CLAIM.format("He left.", "1.5"), "He left.", "there is no ¶ 1.5"),
    "no such paragraph": Mistake("timeline.toml", "", EVENT.format("1919", "He left.", "24.1"), "He left.",
                                 "there is no ¶ 24.1"),
    "an anchor turned round": Mistake("glossary.toml", "", ENTRY.format("Cheka 2", "idea", "Cheka", "He.", "7.4-2"),
                                      "He.", "there is no ¶ 7.4-2"),
    "not an anchor": Mistake("summaries.toml", "", CLAIM.format("He left.", "here"), "He left.", "not a place"),
    "a concept without its place": Mistake("concepts.toml", "", '\n[[concept]]\nanchors = ["7.99"]\nasks = ["x"]\n',
                                           '"7.99"', "there is no ¶ 7.99"),
    "an anchor of another section": Mistake("summaries.toml", "", CLAIM.format("He left.", "7.1"), '"7.1"',
                                            "not in section 5"),
    "voices of no place": Mistake("voices.toml", '[[voice]]\nat = "2.1"', '[[voice]]\nat = "2.99"', "[[voice]]",
                                  "there is no ¶ 2.99"),
    "a paragraph without a claim": Mistake("summaries.toml", 'anchors = ["11.1-4"]', 'anchors = ["12.1"]', "",
                                           "no claim is anchored in ¶ 11"),
    # Words
    "a claim that misquotes": Mistake("summaries.toml", "", CLAIM.format("He said “never”.", "23.1"), "never",
                                      "“never” is not verbatim"),
    "a passage that misquotes": Mistake("prompts.toml", "", prompt(passage="Trotskyists cite him."), 'id = "new-one"',
                                        "passage is not verbatim"),
    "a passage that is elsewhere": Mistake("prompts.toml", "", prompt(at="1.2"), 'id = "new-one"', "not verbatim"),
    "a misprint that is not there": Mistake("errata.toml", '[[erratum]]\nat = "9.7"\nprinted = "naval bae"',
                                            '[[erratum]]\nat = "9.7"\nprinted = "naval boy"', "[[erratum]]",
                                            "“naval boy” does not stand at ¶ 9.7"),
    "words that nobody says": Mistake("voices.toml", '[[voice]]\nat = "2.4"\nwords = "libertarian',
                                      '[[voice]]\nat = "2.4"\nwords = "liberal', "[[voice]]",
                                      "does not stand at ¶ 2.4"),
    "a name the text never has": Mistake("glossary.toml", "", ENTRY.format("Cheka 2", "idea", "Tscheka", "He.", "7.4"),
                                         'term = "Cheka 2"', "never says “Tscheka”"),
    # Names and years
    "a name from elsewhere": Mistake("summaries.toml", "", CLAIM.format("So held Kautsky.", "23.1"), "Kautsky",
                                     "“Kautsky” is not in the reading"),
    "a name that begins a sentence": Mistake("glossary.toml", "", ENTRY.format("Cheka 2", "idea", "Cheka",
                                             "It was. Dzerzhinsky led it.", "7.4"), "Dzerzhinsky",
                                             "“Dzerzhinsky” is not in the reading"),
    "a name in a question": Mistake("prompts.toml", "", prompt(question="What would Bakunin say?"), "Bakunin",
                                    "“Bakunin” is not in the reading"),
    "a year from elsewhere": Mistake("glossary.toml", "", ENTRY.format("Cheka 2", "idea", "Cheka", "From 1922.", "7.4"),
                                     "From 1922", "the year 1922"),
    "a date from elsewhere": Mistake("timeline.toml", "", EVENT.format("1936", "He left.", "9.1"), 'date = "1936"',
                                     "the year 1936 is not in the sentences"),
    # Voices
    "a quotation without a voice": Mistake("voices.toml", '[[voice]]\nat = "13.3"\nwords = "science"\nkind = "scare"\n',
                                           "", "", "nobody’s voice is given for “science” in ¶ 13"),
    "part of a quotation": Mistake("voices.toml", 'words = "libertarian Leninist"', 'words = "libertarian"',
                                   'words = "libertarian"', "are not all the words"),
    "a voice twice": Mistake("voices.toml", "", '\n[[voice]]\nat = "13.3"\nwords = "science"\nkind = "scare"\n', "",
                             "a quotation is there twice"),
    "speech without a speaker": Mistake("voices.toml", 'words = "science"\nkind = "scare"',
                                        'words = "science"\nkind = "speech"', 'kind = "speech"',
                                        "speech has a speaker"),
    # Shapes
    "a prompt without its minutes": Mistake("prompts.toml", "", prompt(minutes='"long"'), "[[prompt]]",
                                            "“minutes” must be a whole number"),
    "follow-ups that are no list": Mistake("prompts.toml", "", prompt().replace("[\"And then?\"]", '"And then?"'),
                                           "[[prompt]]", "“follow_ups” must be a list of texts"),
    "an unknown kind": Mistake("prompts.toml", "", prompt(kind="leading"), 'id = "new-one"', "kind is one of"),
    "a prompt twice": Mistake("prompts.toml", "", prompt(id="if-anything"), 'id = "if-anything"',
                              "“if-anything” is there twice"),
    "a term twice": Mistake("glossary.toml", "", ENTRY.format("Lenin", "idea", "Lenin", "He.", "7.1"), 'term = "Lenin"',
                            "“Lenin” is there twice"),
    "a passage too long": Mistake("prompts.toml", "", prompt(at="12.3-4", passage="long " * 61), 'id = "new-one"',
                                  "more than 60 words"),
    "a question too long": Mistake("prompts.toml", "", prompt(question="What " + "so " * 40 + "?"), "What so so",
                                   "more than 40 words"),
    "two questions": Mistake("prompts.toml", "", prompt(question="Why? Who says it?"), "Why? Who", "more than once"),
    "no question": Mistake("prompts.toml", "", prompt(question="Tell us more."), 'id = "new-one"', "ends in ?"),
    "a yes or a no": Mistake("prompts.toml", "", prompt(question="Was he right about it?"), "Was he", "offers an “or”"),
    "a yes or a no at the end": Mistake("prompts.toml", "", prompt(question="So he said. Was he right about it?"),
                                        "Was he", "offers an “or”"),
    "the same question": Mistake("prompts.toml", "", prompt(question="What hangs, for Price, on whether Stalin’s rule "
                                 "was any kind of workers’ state?"), "Stalin’s rule", "asks the same as"),
    "a follow-up that asks nothing": Mistake("prompts.toml", "", prompt(follow_up="Go on."), "Go on.",
                                             "a follow-up is one question"),
    "a long evening": Mistake("prompts.toml", "", prompt(minutes="120"), "minutes = 120", "120 minutes"),
    "a long position": Mistake("prompts.toml", "", prompt() + f'positions = ["{"so " * 20}", "no"]', "so so",
                               "more than 55 characters"),
    "one position": Mistake("prompts.toml", "", prompt() + 'positions = ["no"]', 'id = "new-one"', "two or none"),
    "one theme too often": Mistake("prompts.toml", 'themes = ["', 'themes = ["power", "', "",
                                   "the theme power dominates"),
    "a summary too long": Mistake("summaries.toml", "number = 5\n", "number = 5\n" + CLAIM.format("so " * 201, "23.1"),
                                  "number = 5", "words, 200 are allowed"),
}  # fmt: skip


def test_a_reading_can_be_spoilt_and_is_as_it_was() -> None:
    """The copy that mistakes are made in has none of its own."""
    assert problems_of(ESSAY, REVIEWED) == []


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_named_with_its_file_and_line(mistake: Mistake, tmp_path: Path) -> None:
    folder = tmp_path / "price-serge"
    shutil.copytree(ESSAY, folder)
    path = folder / mistake.file
    text = path.read_text("utf-8") if path.exists() else ""
    assert mistake.old in text
    at = text.index(mistake.old) if mistake.old else len(text)
    changed = text.replace(mistake.old, mistake.new) if mistake.old else text + mistake.new
    path.write_text(changed, "utf-8", errors="surrogateescape")
    line = changed[: changed.index(mistake.line, at)].count("\n") + 1 if mistake.line else 1
    where = f"price-serge/{mistake.file}:{line}: "
    problems = problems_of(folder, REVIEWED)
    assert [each for each in problems if each.startswith(where) and mistake.said in each], "\n".join([where, *problems])


@pytest.mark.parametrize(("name", "fewest"), [("prompts", 48), ("glossary", 60)])
def test_there_is_enough_of_it(name: str, fewest: int, tmp_path: Path) -> None:
    folder = tmp_path / "price-serge"
    shutil.copytree(ESSAY, folder)
    head, *entries = (folder / f"{name}.toml").read_text("utf-8").split("[[")
    (folder / f"{name}.toml").write_text("[[".join([head, *entries[: fewest - 1]]), "utf-8")
    assert any(f"fewer than {fewest}" in problem for problem in problems_of(folder, REVIEWED))


@pytest.mark.parametrize(
    ("keep", "said"),
    [
        ('kind = "interpretive"', "interpretive prompts are the most"),
        ('kind = "evaluative"', "too few are evaluative"),
        ('place = "opening"', "too few are opening"),
        ('at = "22', "too few are of section 5"),
    ],
)
def test_prompts_of_every_sort_are_asked_for(keep: str, said: str, tmp_path: Path) -> None:
    folder = tmp_path / "price-serge"
    shutil.copytree(ESSAY, folder)
    head, *entries = (folder / "prompts.toml").read_text("utf-8").split("[[prompt]]")
    rest = [entry for entry in entries if keep not in entry and 'at = "23' not in entry]
    (folder / "prompts.toml").write_text("[[prompt]]".join([head, *rest]), "utf-8")
    assert any(said in problem for problem in problems_of(folder, REVIEWED))


def test_all_problems_are_said_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "price-serge"
    shutil.copytree(ESSAY, folder)
    for file, text in (
        ("summaries.toml", CLAIM.format("He left.", "1.9")),
        ("prompts.toml", prompt(kind="leading", passage="nothing")),
        ("glossary.toml", ENTRY.format("Cheka", "idea", "Tscheka", "He.", "0.1")),
        ("timeline.toml", EVENT.format("1919", "He “said”.", "24.1")),
    ):
        with (folder / file).open("a", encoding="utf-8") as added:
            added.write(text)
    assert len(problems_of(folder, REVIEWED)) == 8
