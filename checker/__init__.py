"""Checks builds of cellc, and shares no code with it."""
