"""From authored files to the index, and the search in it."""
