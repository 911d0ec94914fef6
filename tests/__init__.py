"""What is true of Kruzhok: the tests mirror bot/."""
