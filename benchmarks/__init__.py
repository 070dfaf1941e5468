"""Measures cellc beside other policy compilers; `python -m benchmarks` prints a table."""
