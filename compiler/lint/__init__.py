"""Lint: rules about policies that compile, one a file; configuration, ignores and fixes."""
