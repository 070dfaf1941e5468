"""The command line: a table of commands, each a module here that is imported when it is called."""
