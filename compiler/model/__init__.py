"""The policy as written, validated; every value with its span."""
