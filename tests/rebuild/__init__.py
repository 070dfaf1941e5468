"""Tests of rebuilding what has changed."""
