"""Figures of CloudFormation's quotas, in one table.

Source: AWS CloudFormation User Guide, "Understand CloudFormation quotas" (read 1 December 2026).
"""

from __future__ import annotations

MOST_RESOURCES = 500
"""Resources that a template may declare."""

MOST_PARAMETERS = 200
"""Parameters that a template may declare."""

MOST_OUTPUTS = 200
"""Outputs that a template may declare."""

MOST_MAPPINGS = 200
"""Mappings that a template may declare."""

MOST_MAPPING_ATTRIBUTES = 200
"""Attributes of one mapping."""

MOST_NAME_CHARACTERS = 255
"""Characters of a logical ID, and of the name of a parameter, mapping or output."""

MOST_PARAMETER_BYTES = 4096
"""Bytes of a parameter's value."""

MOST_DESCRIPTION_BYTES = 1024
"""Bytes of a template's description."""

MOST_TEMPLATE_BODY_BYTES = 51_200
"""Bytes of a template that a request carries."""

MOST_TEMPLATE_BYTES = 1_048_576
"""Bytes of a template that lies in S3."""

MOST_BLOCKS = 256
"""Address ranges that one ``Fn::Cidr`` returns."""

MOST_OPERANDS = 10
"""Conditions that one ``Fn::And`` or ``Fn::Or`` takes."""
