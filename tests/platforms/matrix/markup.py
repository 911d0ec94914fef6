"""Reads the HTML of messages as strictly as it is to be written."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

# Of those that the specification lets clients show, the ones that answers need; each with its attributes.
_ATTRIBUTES = {"a": "href", "ol": "start", "code": "class"}
_TAGS = {"h4", "p", "blockquote", "strong", "em", "ul", "ol", "li", "pre", "code", "br", "a"}
_INLINE = {"strong", "em", "code", "a", "br"}
_WITHIN = {
    "": {"h4", "p", "blockquote", "ul", "ol", "pre", *_INLINE},
    "blockquote": {"p"},
    "ul": {"li"},
    "ol": {"li"},
    "pre": {"code"},
    "code": set(),
    "a": {"strong", "em", "code"},
    "strong": set(),
    "em": set(),
}
_VALUES = {
    "href": re.compile(r"https?://[^\s<>\"]+"),
    "start": re.compile(r"[1-9]\d*"),
    "class": re.compile(r"language-[a-z0-9+-]{1,20}"),
}


@dataclass
class Read(HTMLParser):
    """What a client reads: the text, where its links lead, and whatever is not as it should be."""

    written: str
    text: str = ""
    links: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[str] = []
        self.feed(self.written)
        self.close()
        self.problems += [f"<{tag}> is not closed" for tag in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        around = self._open[-1] if self._open else ""
        if tag not in _TAGS or tag not in _WITHIN.get(around, _INLINE):
            self.problems.append(f"<{tag}> in <{around}>")
        for name, value in attrs:
            if _ATTRIBUTES.get(tag) != name or not _VALUES[name].fullmatch(value or ""):
                self.problems.append(f"<{tag} {name}={value!r}>")
        if len(attrs) > 1 or (tag == "a" and not attrs):
            self.problems.append(f"<{tag}> has {len(attrs)} attributes")
        self.links += [value or "" for name, value in attrs if name == "href"]
        if tag not in _INLINE or tag == "br":
            self.text += "\n"
        if tag != "br":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.problems.append(f"</{tag}> ends nothing")
        if tag not in _INLINE:
            self.text += "\n"

    def handle_data(self, data: str) -> None:
        if data.strip() and self._open and self._open[-1] in ("ul", "ol", "blockquote", "pre"):
            self.problems.append(f"{data!r} in <{self._open[-1]}>")
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.problems.append(f"<!--{data}")

    def handle_decl(self, decl: str) -> None:
        self.problems.append(f"<!{decl}")

    def handle_pi(self, data: str) -> None:
        self.problems.append(f"<?{data}")

    def unknown_decl(self, data: str) -> None:
        self.problems.append(f"<![{data}")
