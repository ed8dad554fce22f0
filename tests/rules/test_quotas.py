"""Quotas: every figure names its unit and source; defaults lie within their range."""

from __future__ import annotations

import pytest

from lambda_nb.rules import quotas
from lambda_nb.rules.quotas import Quota

TABLE = {name: value for name, value in vars(quotas).items() if isinstance(value, Quota)}


@pytest.mark.parametrize("quota", TABLE.values(), ids=list(TABLE))
def test_every_figure_has_a_unit_and_a_source(quota: Quota) -> None:
    assert quota.value >= 0
    assert quota.unit
    assert len(quota.source) > 10


@pytest.mark.parametrize("setting", ["MEMORY", "STORAGE"])
def test_defaults_lie_in_range(setting: str) -> None:
    low, default, high = (TABLE[f"{setting}_{end}_MB"].value for end in ("MIN", "DEFAULT", "MAX"))
    assert low <= default <= high


def test_the_sizes_that_errors_print() -> None:
    """The texts recorded from AWS contain exactly these numbers (facts/api.md section 5)."""
    assert quotas.UNZIPPED_BYTES.value == 250 * 1024 * 1024 == 262144000
    assert quotas.ZIPPED_BYTES.value == 50 * 1024 * 1024 == 52428800
    assert quotas.SYNC_PAYLOAD_BYTES.value == 6 * 1024 * 1024 == 6291456
