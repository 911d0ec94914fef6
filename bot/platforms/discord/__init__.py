"""Discord: slash commands, buttons, menus and threads, laid out in Components V2."""
