"""SHA-256 of short texts, without OpenSSL: loading it takes longer than reading a small policy."""

from __future__ import annotations

import sys

if sys.version_info >= (3, 12):
    try:
        from _sha2 import sha256
    except ImportError:  # a Python that was built without its own
        from hashlib import sha256
else:
    try:
        from _sha256 import sha256  # type: ignore[import-not-found]  # typeshed has none
    except ImportError:
        from hashlib import sha256

__all__ = ["sha256"]
