"""Put the assets of a CDK stack where its template looks for them."""

from __future__ import annotations

from collections.abc import Iterable

from lambda_nb.projects.building.archives import Part, pack
from lambda_nb.projects.errors import aws_errors
from lambda_nb.projects.kinds.assembly import Asset
from lambda_nb.projects.stacks.places import Place, Places


def publish(assets: Iterable[Asset], place: Place, places: Places) -> None:
    """Upload the assets that are not there yet.

    Parameters
    ----------
    place
        Where the stack goes.
    places
        Where its assets may go: one for a function at the edge names a Region of its own.
    """
    known: dict[str, str] = {}
    for asset in assets:
        known = known or _known(place)
        bucket, key, region = (
            _filled(text, known) for text in (asset.bucket, asset.key, asset.region)
        )
        data = (
            pack([Part(asset.source, ignored=frozenset())])
            if asset.zipped and asset.source.is_dir()
            else asset.source.read_bytes()
        )
        there = places.of(region) if region else place
        there.uploads.put_named(bucket, key, data)


def _known(place: Place) -> dict[str, str]:
    """What the names in an assembly leave open."""
    with aws_errors():
        identity = place.clients.client("sts").get_caller_identity()
    return {
        "${AWS::AccountId}": identity["Account"],
        "${AWS::Region}": place.region,
        "${AWS::Partition}": identity["Arn"].split(":")[1],
    }


def _filled(text: str, known: dict[str, str]) -> str:
    for name, value in known.items():
        text = text.replace(name, value)
    return text
