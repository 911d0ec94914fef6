"""Everything in deploy/, checked and, where the machine allows it, run for real."""
