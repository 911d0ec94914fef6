"""Text that should come out as text."""

from hypothesis import strategies as st

SIGNS = (
    "<b>bold</b>", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</p></blockquote>", "<p>", "<!--",
    "-->", "<mx-reply>", "&lt;", "&amp;", "&#60;", "&", '"', "'", "`", '" onmouseover="', "javascript:alert(1)", "]]>",
    "<?xml", "@room", "@anna:example.org", "https://matrix.to/#/@anna:example.org", "https://matrix.to/#/!room:x.org/$event",
    "https://x.org/<b>", "> quoted", "> <@anna:example.org> said", "**bold**", "# big", "$x$", "||hidden||",
    "/quote", "“", "”", "“/quote”", "*", "\\", "a\nb", "\r\n", "\t", "\u2028", "\u202eabc", "\u2066", "e\u0301",
    "\u0301" * 9, "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇫🇷🇩🇪", "👍🏽", "ก็", "한국", "שלום", "مرحبا", "漢字", "свобода", "\x00",
    "\x1b[31m", "\ud800", "(p. 183)", "1. item", "\u200b", "\ufeff", "\uffff", "\U0010ffff",
)  # fmt: skip

# Every character that Python knows, between signs that mean something to clients.
TEXTS = st.lists(
    st.one_of(st.sampled_from(SIGNS), st.text(st.characters(exclude_categories=()), max_size=12), st.just(" ")),
    max_size=40,
).map("".join)
