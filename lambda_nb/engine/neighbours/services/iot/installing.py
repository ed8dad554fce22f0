"""Puts AWS IoT together, when the process of the services starts."""

from __future__ import annotations

from pathlib import Path

from lambda_nb.engine.neighbours.services.iot import (
    authorizers,
    destinations,
    domains,
    groups,
    operations,
    policies,
    provisioning,
    settings,
    tags,
    things,
    topic_rules,
)
from lambda_nb.engine.neighbours.services.iot.certificates import authorities, devices
from lambda_nb.engine.neighbours.services.iot.certificates.authority import Authority


def install(address: str, authority: Path) -> None:
    """Change moto's AWS IoT.

    Parameters
    ----------
    address
        The engine's URL.
    authority
        The path of the certificate that signs those of devices; made when first needed.
    """
    settings.install(address)
    devices.install(Authority(authority))
    authorities.install()
    policies.install()
    things.install()
    groups.install()
    topic_rules.install()
    destinations.install()
    authorizers.install()
    domains.install()
    provisioning.install()
    tags.install()
    operations.refuse_the_rest()
    operations.one_at_a_time({("POST", "/keys-and-certificate"): devices.draw_key})
