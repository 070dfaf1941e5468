"""Other formats, translated to policies."""
