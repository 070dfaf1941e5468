"""Findings as text for people, and in formats for programs: a module each.

Nothing here prints or knows of a terminal; see docs/diagnostics-format.md.
"""
