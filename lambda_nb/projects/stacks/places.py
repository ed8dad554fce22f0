"""Where stacks go: for each Region its clients, and a bucket of its own for artifacts."""

from __future__ import annotations

from dataclasses import dataclass

from lambda_nb.projects.endpoint import Clients, Regions
from lambda_nb.projects.stacks.uploads import Uploads


@dataclass(frozen=True)
class Place:
    """One Region: the clients for it, and the artifacts there."""

    region: str
    clients: Clients
    uploads: Uploads


class Places:
    """The Regions of one endpoint, each prepared when a stack first goes there.

    Parameters
    ----------
    bucket, prefix
        For artifacts in the Region of the clients; elsewhere it is the default bucket, as
        CloudFormation and Lambda take only what lies in their own Region.

    Attributes
    ----------
    home : Place
        The Region of the clients.
    """

    def __init__(self, clients: Regions, bucket: str = "", prefix: str = "") -> None:
        self._clients = clients
        self._prefix = prefix
        region = str(clients.client("cloudformation").meta.region_name)
        self.home = Place(region, clients, Uploads(clients, bucket, prefix))
        self._made = {"": self.home, region: self.home}

    def of(self, region: str) -> Place:
        """The place for a Region; an empty name is that of the clients."""
        if region not in self._made:
            clients = self._clients.in_region(region)
            self._made[region] = Place(region, clients, Uploads(clients, prefix=self._prefix))
        return self._made[region]
