"""The table of Availability Zones is that of the engine's EC2."""

from __future__ import annotations

import pytest

from lambda_nb.engine.stacks.templates.resolution.zones import zones


@pytest.mark.parametrize(
    "region", ["eu-west-1", "us-east-1", "us-west-1", "us-west-2", "ap-northeast-1", "ca-central-1"]
)
def test_zones_are_motos(region: str) -> None:
    from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend

    assert zones(region) == [zone.name for zone in RegionsAndZonesBackend.zones[region]]
