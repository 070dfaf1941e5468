"""One package per kind of artifact; each turns an IR into files."""
