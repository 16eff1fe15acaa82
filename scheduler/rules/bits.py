"""Sets of small numbers as the bits of one integer: compact, hashable and fast to search.

Number n is in a set if bit n is 1, so `a & b` is the intersection, `a | b` the union and `a << n` adds n to each.
Python's integers have any length: the minutes of a whole day (0-1439) are one integer, too.
"""

from __future__ import annotations

from collections.abc import Iterable


def of(numbers: Iterable[int]) -> int:
    """Return the set of `numbers` (0 or more each)."""
    result = 0
    for number in numbers:
        result |= 1 << number
    return result


def lowest(bits: int) -> int:
    """Return the smallest member of a set that is not empty."""
    return (bits & -bits).bit_length() - 1  # in two's complement, -bits shares only the lowest 1 with bits


def highest(bits: int) -> int:
    """Return the largest member of a set that is not empty."""
    return bits.bit_length() - 1


def members(bits: int) -> list[int]:
    """Return the members in ascending order."""
    return [number for number in range(bits.bit_length()) if bits >> number & 1]
