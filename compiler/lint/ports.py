"""Ports that rules know something about."""

from __future__ import annotations

#: net.inet.ip.anonportmin and anonportmax of a kernel nobody tuned (sysctl(7)).
AUTOMATIC = (49152, 65535)
