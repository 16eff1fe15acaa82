"""How many tasks start in each minute."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


class MinuteCounts:
    """How many of several sets of minutes (bits, `length` of them) contain each minute.

    The counts of all minutes are binary numbers written in columns: bit m of `digits[p]` is digit p of the count of
    minute m. So one operation on integers adds a whole set to all counts at once.
    """

    def __init__(self, sets: Iterable[int], length: int) -> None:
        self._length = length
        digits: list[int] = []
        for minutes in sets:
            _add(minutes, digits)
        self._digits = digits
        self._written = [digit.to_bytes(length // 8 + 1, "little") for digit in digits]

    def most(self, first: int, last: int) -> int:
        """Return the count of the busiest minute from `first` (inclusive) to `last`."""
        return _most([_cut(digit, first, last) for digit in self._written], (1 << last - first) - 1)[0]

    def busiest(self) -> tuple[int, int]:
        """Return the count of the busiest minute, and the minutes (bits) that have that count."""
        return _most(self._digits, (1 << self._length) - 1)


def _add(minutes: int, digits: list[int]) -> None:
    """Add 1 to the counts of `minutes`: XOR gives the new digit of a place, AND what is carried to the next."""
    for place, digit in enumerate(digits):
        digits[place], minutes = digit ^ minutes, digit & minutes
        if not minutes:
            return
    if minutes:
        digits.append(minutes)


def _most(digits: Sequence[int], candidates: int) -> tuple[int, int]:
    """Return the largest count, and the minutes that have it: decide its digits from the highest place down."""
    most = 0
    for place in reversed(range(len(digits))):
        if kept := candidates & digits[place]:
            candidates, most = kept, most | 1 << place
    return most, candidates


def _cut(digit: bytes, first: int, last: int) -> int:
    return int.from_bytes(digit[first // 8 : (last + 7) // 8], "little") >> first % 8 & (1 << last - first) - 1
