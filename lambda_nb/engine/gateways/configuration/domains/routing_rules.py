"""Routing rules of custom domain names: an API by base path and headers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from lambda_nb.engine.control.records.store import Record, Store
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.configuration.domains import kept
from lambda_nb.engine.gateways.configuration.domains.settings import bad_request, conflict
from lambda_nb.engine.gateways.configuration.v2 import pages
from lambda_nb.engine.gateways.configuration.v2.records import new_id
from lambda_nb.engine.model import Caller, Operation, Request, Response

_PRIORITIES = (1, 1_000_000)
_MOST_HEADERS, _MOST_PATHS = 2, 1  # conditions of a rule (developer guide, 2026)
_BASE_PATH = re.compile(r"[A-Za-z0-9$\-_.+!*'()]+(/[A-Za-z0-9$\-_.+!*'()]+)*")

RestStage = Callable[[str, str], bool]


class RoutingRules:
    """CreateRoutingRule and its kin.

    Parameters
    ----------
    store
        Keeps them.
    region, account
        Of their ARNs.
    rest_stage
        Whether there is a REST API with an id and a stage.
    """

    def __init__(self, store: Store, region: str, account: str, rest_stage: RestStage) -> None:
        self._store = store
        self._region = region
        self._account = account
        self._rest_stage = rest_stage

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "CreateRoutingRule": self.create,
            "GetRoutingRule": self.get,
            "ListRoutingRules": self.list,
            "PutRoutingRule": self.put,
            "DeleteRoutingRule": self.delete,
        }

    def create(self, request: Request, caller: Caller) -> Response:
        """Create a rule."""
        return self._save(request, new_id(6))

    def put(self, request: Request, caller: Caller) -> Response:
        """Replace a rule."""
        self.get(request, caller)
        return self._save(request, request["RoutingRuleId"])

    def get(self, request: Request, caller: Caller) -> Response:
        """One rule."""
        domain = self._domain(request)
        found = self._store.get(kept.RULE, domain["DomainName"], request["RoutingRuleId"])
        if found is None:
            raise AWSError("NotFoundException", "Invalid routing rule identifier specified", 404)
        return found

    def list(self, request: Request, caller: Caller) -> Response:
        """The rules of a domain name, the first one to be tried first."""
        rules = self._store.children(kept.RULE, self._domain(request)["DomainName"]).values()
        ordered = sorted(rules, key=lambda rule: int(rule["Priority"]))
        return pages.page(request, ordered, "RoutingRules")

    def delete(self, request: Request, caller: Caller) -> Response:
        """Delete a rule."""
        self.get(request, caller)
        with self._store.write() as batch:
            name = self._domain(request)["DomainName"]
            batch.delete(kept.RULE, name, request["RoutingRuleId"])
        return {}

    def _domain(self, request: Request) -> Record:
        return kept.find(self._store, request["DomainName"], request.get("DomainNameId"))

    def _save(self, request: Request, key: str) -> Record:
        domain = self._domain(request)
        name = domain["DomainName"]
        if domain["RoutingMode"] == "API_MAPPING_ONLY":
            raise bad_request(
                "Routing rules need the domain name's routing mode ROUTING_RULE_ONLY or "
                "ROUTING_RULE_THEN_API_MAPPING"
            )
        rule = {
            "Actions": request["Actions"],
            "Conditions": request["Conditions"],
            "Priority": request["Priority"],
            "RoutingRuleId": key,
            "RoutingRuleArn": (
                f"arn:aws:apigateway:{self._region}:{self._account}:/domainnames/{name}"
                f"/routingrules/{key}"
            ),
        }
        self._check(rule, name)
        with self._store.write() as batch:
            batch.put(kept.RULE, name, key, rule)
        return rule

    def _check(self, rule: Record, name: str) -> None:
        least, most = _PRIORITIES
        if not least <= rule["Priority"] <= most:
            raise bad_request(f"Priority must be between {least} and {most}")
        for key, other in self._store.children(kept.RULE, name).items():
            if other["Priority"] == rule["Priority"] and key != rule["RoutingRuleId"]:
                raise conflict("A routing rule with this priority already exists")
        if len(rule["Actions"]) != 1:
            raise bad_request("A routing rule has exactly one action")
        _check_conditions(rule["Conditions"])
        action = rule["Actions"][0]["InvokeApi"]
        if not self._rest_stage(action["ApiId"], action["Stage"]):
            raise bad_request(
                "A routing rule can only invoke a stage of a REST API: "
                f"{action['ApiId']}, {action['Stage']}"
            )


def _check_conditions(conditions: list[dict[str, Any]]) -> None:
    paths = [each["MatchBasePaths"] for each in conditions if "MatchBasePaths" in each]
    headers = [each["MatchHeaders"] for each in conditions if "MatchHeaders" in each]
    if len(paths) > _MOST_PATHS or len(headers) > _MOST_HEADERS:
        raise bad_request(
            f"A routing rule has at most {_MOST_HEADERS} header conditions and {_MOST_PATHS} base "
            "path condition"
        )
    if any(not each["AnyOf"] for each in (*paths, *headers)):
        raise bad_request("A condition needs at least one value")
    for each in paths:
        for path in each["AnyOf"]:
            if not _BASE_PATH.fullmatch(path):
                raise bad_request(f"Invalid base path specified: {path}")
