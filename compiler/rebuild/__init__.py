"""Takes over from an earlier build what is about cells whose text is the same."""
