"""Files that come with the code but are no code: the manifest and the snippets.

A checkout has them beside the package, an installed wheel inside it.
"""

from pathlib import Path

_package = Path(__file__).parent


def shipped(name: str) -> Path:
    """Where a shipped file or folder lies."""
    inside = _package / "_data" / name
    return inside if inside.exists() else _package.parent / name
