"""Hypothesis strategies that make policies."""
