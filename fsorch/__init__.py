"""fsorch turns a FreeSWITCH into a contact centre.

This package is the engine. `docs/` tells how its floors stand on each other; each subpackage's docstring says
what it knows and what it never knows.
"""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
