"""The actions of topic rules: a module for each kind of service.

``lambda_nb.rules.iot.topic_rules.CARRIED_OUT`` names them all.
"""

from lambda_nb.rules.iot.topic_rules import CARRIED_OUT

__all__ = ["CARRIED_OUT"]
