"""The rules, one a file; `compiler.lint.registry` finds them."""
