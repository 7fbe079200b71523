"""What is said where a package is missing that not everybody needs."""

from __future__ import annotations


def needs(who: str, *packages: str) -> str:
    """Return who needs which packages, and how one gets them.

    The packages themselves are named: that works in a checkout as well as anywhere else.

    >>> needs("Comparison.plot", "matplotlib")
    'Comparison.plot needs matplotlib: pip install matplotlib'
    """
    return f"{who} needs {' and '.join(packages)}: pip install {' '.join(packages)}"
