"""Writes a work and a place in it the way each citation style wants it, saying nothing that the data do not say.

Held to the styles of the Citation Style Language (Chicago 18, MLA 9, APA 7) by ``tests/golden/citations.toml``.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.library.words import fold
from bot.reading import Reading, Speaker
from bot.reply import Bullets, Code, Piece

_PARTICLES = frozenset(
    "af al av bin da dal dalla das de degli del della dem den der des di do dos du ibn la las le los op 't ten ter "
    "van vom von y zu zum zur".split()
)
_SUFFIX = re.compile(r"(?:Jr\.?|Sr\.?|II|III|IV)\Z")
_BODY = re.compile(r"\b(?:collective|committee|federation|group|league|party|society|union)\Z", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+(?:[’'.-][^\W_]+)*")
_TEX = str.maketrans(
    {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    | {char: f"\\{char}" for char in "{}$&%#_"}
)
_OTHER_THAN_KEY = re.compile(r"[^a-z0-9]")
_YEAR_AFTER_NAME = re.compile(r"(?<=[^\W\d_]) (?=\d{4}\b)")


@dataclass(frozen=True, slots=True)
class Name:
    """An author's name; one that is not divided has only ``family``."""

    family: str
    given: str = ""
    particle: str = ""
    suffix: str = ""

    @property
    def short(self) -> str:
        """As it stands in a sentence, without the given names: ``de Beauvoir``."""
        return f"{self.particle} {self.family}".strip()

    @property
    def full(self) -> str:
        """In the order in which it is spoken."""
        return " ".join(part for part in (self.given, self.particle, self.family, self.suffix) if part)

    @property
    def initials(self) -> str:
        """The initials of the given names: ``J.-P.``."""
        parts = (re.split("(-)", word) for word in re.sub(r"\.(?=\w)", ". ", self.given).split())
        return " ".join("".join(p if p == "-" else f"{p[0]}." for p in word if p) for word in parts)

    def inverted(self, given: str, particle_first: bool) -> str:
        """With the family name first; the particle before it, or after the given names."""
        family, behind = (self.short, "") if particle_first else (self.family, self.particle)
        return ", ".join(part for part in (family, f"{given} {behind}".strip(), self.suffix) if part)


def names(author: str) -> tuple[Name, ...]:
    """Divide ``author`` into names: at semicolons, or else at "and", "&" and the commas of a list.

    A name that is written with a comma ("Price, Wayne") keeps its parts.
    """
    if ";" in author:
        parts = author.split(";")
    else:
        parts = [
            each
            for part in re.split(r",?\s+(?:and|&)\s+", " ".join(author.split()))
            for each in ([part] if _is_inverted(part) else part.split(","))
        ]
    return tuple(_name(part.strip(" ,")) for part in parts if part.strip(" ,")) or (Name(author.strip()),)


def _is_inverted(part: str) -> bool:
    first, comma, rest = part.partition(",")
    own = [word for word in first.split() if word not in _PARTICLES]
    return bool(comma) and (len(own) == 1 or _SUFFIX.match(rest.strip()) is not None)


def _name(text: str) -> Name:
    suffix = ""
    first, *after = [part.strip() for part in text.split(",")]
    if after and _SUFFIX.match(after[-1]):
        suffix = after.pop()
    if after:
        particle, family = _split_particle(first.split())
        return Name(family, " ".join(after), particle, suffix)
    words = first.split()
    if words[0] == "The" or _BODY.search(first):
        return Name(first)
    if len(words) > 2 and _SUFFIX.match(words[-1]):
        suffix = words.pop()
    start = next((n for n, word in enumerate(words) if n and word in _PARTICLES), len(words) - 1)
    particle, family = _split_particle(words[start:])
    return Name(family, " ".join(words[:start]), particle, suffix)


def _split_particle(words: Sequence[str]) -> tuple[str, str]:
    count = next((n for n, word in enumerate(words) if word not in _PARTICLES), 0)
    return " ".join(words[:count]), " ".join(words[count:])


@dataclass(frozen=True, slots=True)
class Work:
    """What is cited; ``proper`` are the words of its title that keep their capitals everywhere."""

    reading: Reading
    proper: frozenset[str]

    @property
    def names(self) -> tuple[Name, ...]:
        """Its authors."""
        return names(self.reading.author)

    @property
    def title(self) -> str:
        """Title and subtitle."""
        title, subtitle = self.reading.title, self.reading.subtitle
        if not subtitle:
            return title
        return f"{title} {subtitle}" if title[-1] in "?!:" else f"{title}: {subtitle}"

    def year(self, circa: str = "{}", none: str = "n.d.") -> str:
        """Its year, in the form ``circa`` where it is inferred."""
        if self.reading.year is None:
            return none
        return circa.format(self.reading.year) if self.reading.year_is_inferred else str(self.reading.year)


@dataclass(frozen=True, slots=True)
class Heard:
    """Somebody who is quoted in a paragraph; ``speaker`` is None where nobody knows who."""

    speaker: Speaker | None
    paragraph: int


@dataclass(frozen=True, slots=True)
class Passage:
    """A place as it is cited: a heading, or paragraphs ``first`` to ``last``; neither for the whole work."""

    address: str
    heading: str = ""
    first: int = 0
    last: int = 0
    heard: tuple[Heard, ...] = ()


def chicago_notes(work: Work, passage: Passage) -> tuple[Piece, ...]:
    """Chicago 18, 13.18: full note, shortened note, bibliography."""
    title, year = _quoted(work.title, ","), work.year("[ca. {}]")

    def note(locator: str) -> str:
        return f"{_listed([name.full for name in work.names], 'and', 2)}, {title} {year}{_then(locator)}"

    short = _listed([name.short for name in work.names], "and", 2)
    locator = _chicago(passage)
    shortened = f"{short}, {_quoted(work.reading.title, ',' * bool(locator))}{locator and f' {locator}'}"
    entry = f"{_chicago_authors(work)} {_quoted(work.title, '.')} {year}"
    heard = [_through(each, "quoted in", note(_paragraphs("para.", each.paragraph)), "full") for each in passage.heard]
    return (
        Bullets((_stop(note(locator)),), "Note"),
        Bullets((_begun(_stop(shortened)),), "Shortened note"),
        Bullets((_stop(entry),), "Bibliography"),
        *_heard([_begun(_stop(each)) for each in heard]),
    )


def chicago_author_date(work: Work, passage: Passage) -> tuple[Piece, ...]:
    """Chicago 18, 13.102: in the text, and the reference list."""
    short = _listed([name.short for name in work.names], "and", 2)
    comma = "," if work.reading.year is None else ""

    def cited(locator: str) -> str:
        return f"{short}{comma} {work.year('[ca. {}]')}{_then(locator)}"

    entry = f"{_chicago_authors(work)} {_stop(work.year('[ca. {}]'))} {_quoted(work.title, '.')}"
    heard = [_through(each, "quoted in", cited(_paragraphs("para.", each.paragraph))) for each in passage.heard]
    return _in_text(f"({cited(_chicago(passage))})", "Reference list", _stop(entry), heard)


def mla(work: Work, passage: Passage) -> tuple[Piece, ...]:
    """MLA 9: in the text, and the list of works cited; indirect sources as in 6.77."""
    short = _listed([name.short for name in work.names], "and", 2)

    def cited(locator: str) -> str:
        return f"{short}{_then(locator)}"

    if passage.heading:
        locator = f"sec. {_quoted(passage.heading)}"
    else:
        locator = _paragraphs("par.", passage.first, passage.last)
    first, *others = work.names
    authors = [first.inverted(first.given, particle_first=True), *(name.full for name in others)]
    year = work.year("Circa {}", none="")
    entry = f"{_stop(_listed(authors, 'and', 2, inverted=True))} {_quoted(work.title, '.')} {year}".strip()
    heard = [_through(each, "qtd. in", cited(_paragraphs("par.", each.paragraph))) for each in passage.heard]
    return _in_text(f"({cited(locator)})", "Works cited", _stop(entry), heard)


def apa(work: Work, passage: Passage) -> tuple[Piece, ...]:
    """APA 7: in the text (secondary sources as in 8.6, parts as in 8.28), and the reference list."""
    short = _listed([name.short for name in work.names], "&", 2)

    def cited(locator: str) -> str:
        return f"{short}, {work.year('ca. {}')}{_then(locator)}"

    locator = f"{passage.heading} section" if passage.heading else _paragraphs("para.", passage.first, passage.last)
    authors = [name.inverted(name.initials, particle_first=True) for name in work.names]
    entry = f"{_stop(_apa_authors(authors))} ({work.year('ca. {}')}). {_stop(sentence_case(work))}"
    heard = [
        _YEAR_AFTER_NAME.sub(
            ", ", _through(each, "as cited in", cited(_paragraphs("para.", each.paragraph)), comma=True)
        )
        if each.speaker
        else _through(each, "as cited in", cited(_paragraphs("para.", each.paragraph)))
        for each in passage.heard
    ]
    return _in_text(f"({cited(locator)})", "Reference list", entry, heard)


def bibtex(work: Work, passage: Passage) -> tuple[Piece, ...]:
    """An entry ``@misc``: what kind of work it is, the data do not say."""
    first = work.names[0]
    word = next((word for word in _WORD.findall(work.title) if len(word) > 3), work.title)
    year = str(work.reading.year or "")
    key = "".join(_OTHER_THAN_KEY.sub("", fold(part)) for part in (first.family, year, word))
    inferred = bool(work.reading.year) and work.reading.year_is_inferred
    fields = {
        "author": " and ".join(_bibtex_name(name) for name in work.names),
        "title": _WORD.sub(lambda m: f"{{{m[0]}}}" if _keeps_capitals(m[0], work.proper) else m[0], _tex(work.title)),
        "year": year,
        "note": "The year is inferred" if inferred else "",
        "annote": _tex("; ".join(_annotation(passage))),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return (Code("\n".join([f"@misc{{{key or work.reading.slug},", *lines, "}"]), "bibtex"),)


def csl_json(work: Work, passage: Passage) -> tuple[Piece, ...]:
    """CSL-JSON; ``article`` is the plainest type that every style prints in its list."""
    item: dict[str, object] = {
        "id": work.reading.slug,
        "type": "article",
        "title": work.title,
        "author": [_csl_name(name) for name in work.names],
        "language": work.reading.language,
    }
    if work.reading.subtitle:
        item["title-short"] = work.reading.title
    if work.reading.year is not None:
        circa = {"circa": True} if work.reading.year_is_inferred else {}
        item["issued"] = {"date-parts": [[work.reading.year]], **circa}
    if work.reading.source:
        item["source"] = work.reading.source
    if annotation := _annotation(passage):
        item["note"] = "; ".join(annotation)
    return (Code(json.dumps([item], ensure_ascii=False, indent=2), "json"),)


def sentence_case(work: Work) -> str:
    """Return the title as APA lists it: capitals only for its first words and for names."""
    title = work.title
    if not work.reading.language.startswith("en"):
        return title

    def cased(match: re.Match[str]) -> str:
        word, before = match[0], title[: match.start()].rstrip("“‘\"'([ ")
        begins = not before or before[-1] in ":?!.—"
        return word if begins or _keeps_capitals(word, work.proper) else word[0].lower() + word[1:]

    return _WORD.sub(cased, title)


def title_words(title: str) -> list[str]:
    """Return the words of a title."""
    return _WORD.findall(title)


def _keeps_capitals(word: str, proper: frozenset[str]) -> bool:
    return word in proper or word[1:] != word[1:].lower()


def _in_text(cited: str, name: str, entry: str, heard: Sequence[str]) -> tuple[Piece, ...]:
    return (Bullets((cited,), "In the text"), Bullets((entry,), name), *_heard([f"({each})" for each in heard]))


def _heard(items: Sequence[str]) -> Iterator[Piece]:
    if items:
        yield Bullets(tuple(dict.fromkeys(items)), "For words that are quoted there")


def _through(heard: Heard, word: str, here: str, form: str = "short", comma: bool = False) -> str:
    """Say through whom somebody's words have come: "Serge, quoted in Weissman 2001, p. 7, quoted in Price …"."""
    if heard.speaker is None:
        return f"{word} {here}"
    name, source = heard.speaker.name, heard.speaker.source
    if form == "short":
        name = names(name)[0].short
    if not source:
        return f"{name}, {word} {here}"
    if source.startswith("in "):
        return f"{name}, {word} {source.removeprefix('in ')}, {word} {here}"
    return f"{name}{',' if comma or form == 'full' else ''} {source}, {word} {here}"


def _annotation(passage: Passage) -> list[str]:
    whole = not (passage.heading or passage.first)
    heard = [_through(each, "quoted in", f"¶{each.paragraph}", "full") for each in passage.heard]
    return [] if whole else list(dict.fromkeys([f"Cited: {passage.address}", *heard]))


def _chicago(passage: Passage) -> str:
    if passage.heading:
        return f"under {_quoted(passage.heading)}"
    return _paragraphs("para.", passage.first, passage.last)


def _paragraphs(abbreviation: str, first: int, last: int = 0) -> str:
    if not first:
        return ""
    if last <= first:
        return f"{abbreviation} {first}"
    return f"{abbreviation.removesuffix('.')}s. {first}–{last}"


def _then(locator: str) -> str:
    return f", {locator}" if locator else ""


def _quoted(title: str, mark: str = "") -> str:
    """Set a title in quotation marks, its own within becoming single; a stop of its own replaces ``mark``."""
    inner = title.replace("“", "‘").replace("”", "’")
    return f"“{inner}{'' if inner.rstrip('’')[-1:] in ('?', '!') else mark}”"


def _stop(text: str) -> str:
    """End with a full stop, within closing quotation marks, unless there is one already."""
    bare = text.rstrip("”’")
    if bare[-1:] in (".", "?", "!"):
        return text
    return f"{bare}.{text[len(bare) :]}"


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]


def _listed(parts: Sequence[str], joint: str, most: int, inverted: bool = False) -> str:
    """Join names; more than ``most`` become the first "et al."."""
    if len(parts) > most:
        return f"{parts[0]}{',' * inverted} et al."
    if len(parts) <= 2:
        return f"{',' * inverted} {joint} ".join(parts)
    return f"{', '.join(parts[:-1])}, {joint} {parts[-1]}"


def _chicago_authors(work: Work) -> str:
    """Chicago 18, 13.78: all of up to six names; of more the first three."""
    first, *others = work.names
    listed = [first.inverted(first.given, particle_first=False), *(name.full for name in others)]
    if len(listed) > 6:
        return f"{', '.join(listed[:3])}, et al."
    return _stop(_listed(listed, "and", 6, inverted=True))


def _apa_authors(listed: Sequence[str]) -> str:
    """APA 7, 9.8: all of up to twenty names; of more the first nineteen and the last."""
    if len(listed) > 20:
        return f"{', '.join(listed[:19])}, … {listed[-1]}"
    return ", & ".join((", ".join(listed[:-1]), listed[-1])) if len(listed) > 1 else listed[0]


def _tex(text: str) -> str:
    return text.translate(_TEX)


def _bibtex_name(name: Name) -> str:
    if not name.given:
        return f"{{{_tex(name.short)}}}"
    return _tex(", ".join(part for part in (name.short, name.suffix, name.given) if part))


def _csl_name(name: Name) -> dict[str, str]:
    if not name.given:
        return {"literal": name.short}
    parts = {
        "family": name.family,
        "given": name.given,
        "non-dropping-particle": name.particle,
        "suffix": name.suffix,
    }
    return {key: value for key, value in parts.items() if value}
