"""What the writer remembers between transactions, and forgets again when one fails."""

from typing import Generic, TypeVar

V = TypeVar("V")


class Memory(Generic[V]):
    """Values by name: fresh ones count at once, and stay only if the transaction that made them does.

    Holds at most ``limit`` values; the ones not put for longest go first, and are read from the file again.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: dict[str, V] = {}
        self._fresh: dict[str, V] = {}

    def get(self, name: str) -> V | None:
        """The newest value under a name."""
        found = self._fresh.get(name)
        return self._kept.get(name) if found is None else found

    def put(self, name: str, value: V) -> None:
        """A value as the running transaction leaves it."""
        self._fresh[name] = value

    def dismiss(self, name: str) -> None:
        """Read this one from the file next time."""
        self._fresh.pop(name, None)
        self._kept.pop(name, None)

    def keep(self) -> None:
        """The transaction was committed."""
        for name, value in self._fresh.items():
            self._kept.pop(name, None)
            self._kept[name] = value
        self._fresh.clear()
        while len(self._kept) > self._limit:
            del self._kept[next(iter(self._kept))]

    def drop(self) -> None:
        """The transaction was rolled back."""
        self._fresh.clear()
