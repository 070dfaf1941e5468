"""The IR as a document: its schema, reading it back."""
