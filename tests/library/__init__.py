"""The library: sentences, words, data, index and search."""
