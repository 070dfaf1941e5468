"""The command line: exit statuses, standard output and standard error."""
