"""``Fn::Cidr``: parts of a block of addresses."""

from __future__ import annotations

import ipaddress
import itertools

from lambda_nb.engine.stacks.model import validation_error
from lambda_nb.engine.stacks.templates import quotas

_USUAL_BITS = {4: 8, 6: 64}
"""Bits of an address in its block, where ``Fn::Cidr`` does not say."""


def blocks(block: str, count: str, bits: str | None = None) -> list[str]:
    """So many blocks at the beginning of a block, each with so many bits for an address.

    Raises
    ------
    AWSError
        ``ValidationError``: there are no such blocks.

    Examples
    --------
    >>> blocks("10.0.0.0/16", "2", "8")
    ['10.0.0.0/24', '10.0.1.0/24']
    """
    try:
        network = ipaddress.ip_network(block)
        wanted = int(count)
        size = _USUAL_BITS[network.version] if bits is None else int(bits)
        if not 1 <= wanted <= quotas.MOST_BLOCKS:
            raise ValueError(f"the count is {wanted}, not 1 to {quotas.MOST_BLOCKS}")
        parts = network.subnets(new_prefix=network.max_prefixlen - size)
        made = [str(each) for each in itertools.islice(parts, wanted)]
        if len(made) < wanted:
            raise ValueError(f"{block} has only {len(made)} blocks of {size} bits")
    except ValueError as error:
        raise validation_error(f"Template error: Fn::Cidr cannot be evaluated: {error}") from None
    return made
