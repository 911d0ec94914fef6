"""What people should not type, and do."""

from hypothesis import strategies as st

ESCAPES = "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b2J \x08\x08\x07"

LINES = (
    "",
    " ",
    "/",
    "!",
    "//quote",
    "/ quote",
    "quote",
    "a" * 10_000,
    "/quote " + "a" * 10_000,
    "/quote " + "word " * 2_000,
    "/" * 10_000,
    "/quote 🙂👩‍👩‍👧‍👦",
    "🙂",
    "/quote שלום עולם \u202e\u2066مرحبا",
    "/quote \x00Cheka\x00",
    "\x00",
    "/quote \x01\x02\x1b\x7f\x85\u2028",
    f"/quote {ESCAPES}",
    f"{ESCAPES}",
    '/quote "Cheka" AND (NEAR(a b, 5) OR stems:x*) NOT ^y',
    "/quote ' OR 1=1; DROP TABLE paragraph; --",
    '/search "',
    "/search *",
    "/search NEAR(",
    "/quote \ud800",
    "\udfff\ud800 \ud800",
    "/quote section:99999999999999999999",
    "/quote section:-1 after:0.0",
    "/quote x after:99.99",
    "/quote x section:2 section:3",
    "/search Serge page:0",
    "/search Serge page:999999999",
    "/read ¶0",
    "/read ¶99999",
    "/read 7.9-1",
    "/read " + "9" * 5_000,
    "/summary \u0301\u0301",
    "/discuss kind:\x1b[31m",
    "/discuss " + "w\u0301" * 3_000,
    "/glossary ****",
    "/glossary 0000",
    "/cite style:nosuch",
    "/verify " + "the " * 2_500,
    "/verify “”",
    "/help /help",
    "/help \x1b",
    "/privacy",
    "/privacy delete everything",
    "/contents now",
    "/nosuch [bold]markup[/bold] {0} %s \\n",
    "@everyone **bold** <b>html</b> `code` ||spoiler||",
)

# Every character that Python knows, halves of surrogate pairs and control characters too.
TEXTS = st.text(st.characters(exclude_categories=()), max_size=60)


def typed(names: list[str], topics: tuple[str, ...]) -> st.SearchStrategy[str]:
    """Return lines of every command: about topics, about places, about anything."""
    places = st.one_of(
        st.integers(0, 7).map(str),
        st.integers(0, 25).map(lambda number: f"¶{number}"),
        st.tuples(st.integers(1, 23), st.integers(1, 9)).map(lambda pair: f"{pair[0]}.{pair[1]}"),
    )
    named = st.sampled_from(["", " section:2", " kind:evaluative", " page:2", " after:7.1", " style:apa", " section:x"])
    what = st.one_of(st.sampled_from(topics), places, TEXTS, st.just(""))
    return st.builds(lambda name, words, more: f"/{name} {words}{more}", st.sampled_from(names), what, named)
