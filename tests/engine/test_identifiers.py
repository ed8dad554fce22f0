"""Identifiers from the pool are as good as the library's."""

from __future__ import annotations

import uuid
from collections import Counter

from lambda_nb.engine.identifiers import hex_digits, uuid4


def test_uuids_are_of_version_4_and_never_the_same() -> None:
    made = [uuid4() for _ in range(20_000)]
    assert len(set(made)) == len(made)
    for text in made[:1000]:
        parsed = uuid.UUID(text)
        assert str(parsed) == text
        assert (parsed.version, parsed.variant) == (4, uuid.RFC_4122)


def test_all_digits_are_used_alike() -> None:
    counts = Counter(hex_digits(1000) + "".join(hex_digits(33) for _ in range(3000)))
    assert len(counts) == 16
    expected = sum(counts.values()) / 16
    assert all(abs(count - expected) < 6 * expected**0.5 for count in counts.values())
