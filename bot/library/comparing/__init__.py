"""Compares a quotation with the text that it is said to be from: word for word, nearly so, or not at all.

``parts`` divides a quotation at its signs, and ``runs`` holds the paragraphs in which it may stand. ``exact`` finds it
word for word. Where that fails, ``nearest`` finds the words most like it, with misspelt ones taken for those that may
be meant (``spelling``, ``likeness``), and ``differences`` puts both side by side.
"""
