"""Tests of the catalogue of NetBSD facts."""
