"""Times in text, in every form that logs and people write them."""

from __future__ import annotations

import pytest

from lambda_nb.traces import TraceError, times


@pytest.mark.parametrize(
    ("text", "fraction_ns"),
    [
        ("2026-11-23T14:00:05Z", 0),
        ("2026-11-23T14:00:05.5Z", 500_000_000),
        ("2026-11-23 15:00:05.12+01:00", 120_000_000),
        ("2026-11-23T09:00:05.1234-0500", 123_400_000),
        ("2026-11-23T14:00:05.123456789Z", 123_456_000),
    ],
)
def test_iso_8601_with_any_number_of_digits(text: str, fraction_ns: int) -> None:
    assert times.to_ns(text) == 1_795_442_405_000_000_000 + fraction_ns


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01T00:00Z", "2026-11-23T14:00:05"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(TraceError, match=r"not an ISO 8601 time|has no time zone"):
        times.to_ns(text)
