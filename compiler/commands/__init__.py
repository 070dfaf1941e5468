"""What each command of `cellc` does; `compiler.cli` reads its options."""
