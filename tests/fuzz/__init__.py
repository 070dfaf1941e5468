"""Bytes of all kinds into everything that reads text: findings may come out, no traceback."""
