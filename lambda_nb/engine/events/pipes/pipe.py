"""One pipe as its service describes it, and the settings of the poller that reads its source."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lambda_nb.engine.events.polled.mapping import EventSourceMapping
from lambda_nb.rules.events.pipes import connections

_DEAD_LETTERS = "DeadLetterConfig"
_OF_STREAMS = (
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "ParallelizationFactor",
    "StartingPosition",
)
_SETTINGS = (
    "Source",
    "Target",
    "Enrichment",
    "LogConfiguration",
    "RoleArn",
    "SourceParameters",
    "TargetParameters",
    "EnrichmentParameters",
)
_ACCESS = {
    "BasicAuth": "BASIC_AUTH",
    "SaslScram256Auth": "SASL_SCRAM_256_AUTH",
    "SaslScram512Auth": "SASL_SCRAM_512_AUTH",
    "ClientCertificateTlsAuth": "CLIENT_CERTIFICATE_TLS_AUTH",
}
_FOREVER = {"MaximumRecordAgeInSeconds": -1, "MaximumRetryAttempts": -1}


@dataclass(frozen=True, slots=True)
class Pipe:
    """One pipe; ``told`` is the answer of DescribePipe."""

    told: Mapping[str, Any]

    @property
    def arn(self) -> str:
        """The pipe's ARN."""
        return str(self.told["Arn"])

    @property
    def name(self) -> str:
        """The pipe's name."""
        return str(self.told["Name"])

    @property
    def identifier(self) -> str:
        """Differs from that of an earlier pipe of the same name."""
        return f"{self.arn}@{self.told['CreationTime'].isoformat()}"

    @property
    def source(self) -> str:
        """The source's ARN, or ``smk://`` and the brokers."""
        return str(self.told["Source"])

    @property
    def source_kind(self) -> str:
        """What the source is."""
        return connections.kind_of(self.source)

    @property
    def target(self) -> str:
        """The target's ARN."""
        return str(self.told["Target"])

    @property
    def enrichment(self) -> str:
        """The enrichment's ARN; empty for none."""
        return str(self.told.get("Enrichment") or "")

    @property
    def target_parameters(self) -> Mapping[str, Any]:
        """Parameters of the target."""
        return self.told.get("TargetParameters") or {}

    @property
    def enrichment_parameters(self) -> Mapping[str, Any]:
        """Parameters of the enrichment."""
        return self.told.get("EnrichmentParameters") or {}

    @property
    def source_parameters(self) -> Mapping[str, Any]:
        """Parameters of this kind of source."""
        name, _, _ = connections.SOURCES[self.source_kind]
        return (self.told.get("SourceParameters") or {}).get(name) or {}

    @property
    def dead_letters(self) -> str:
        """Queue or topic for records that were given up; empty for none."""
        return str((self.source_parameters.get(_DEAD_LETTERS) or {}).get("Arn") or "")

    @property
    def variables(self) -> dict[str, str]:
        """The variables of templates."""
        return {
            "aws.pipes.pipe-arn": self.arn,
            "aws.pipes.pipe-name": self.name,
            "aws.pipes.source-arn": self.source,
            "aws.pipes.enrichment-arn": self.enrichment,
            "aws.pipes.target-arn": self.target,
        }

    @property
    def version(self) -> str:
        """Differs when something changed that its poller must know."""
        told = {name: self.told.get(name) for name in _SETTINGS}
        return json.dumps([self.identifier, told], default=str, sort_keys=True)

    def mapping(self) -> EventSourceMapping:
        """The settings of the poller, as those of an event source mapping."""
        given = self.source_parameters
        config: dict[str, Any] = {
            "EventSourceArn": self.source,
            "BatchSize": connections.batch_size(self.told),
            "MaximumBatchingWindowInSeconds": given.get("MaximumBatchingWindowInSeconds", 0),
            "FilterCriteria": (self.told.get("SourceParameters") or {}).get("FilterCriteria"),
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
        }
        if self.source_kind in ("kinesis", "dynamodb"):
            config |= {**_FOREVER, **{name: given[name] for name in _OF_STREAMS if name in given}}
            config["BisectBatchOnFunctionError"] = "OnPartialBatchItemFailure" in given
            at = given.get("StartingPositionTimestamp")
            if at is not None:
                config["StartingPositionTimestamp"] = (
                    at.timestamp() if isinstance(at, datetime) else at
                )
        if self.source_kind == "self-managed-kafka":
            config |= _of_kafka(self.source, given)
        return EventSourceMapping(self.identifier, self.arn, config)


def _of_kafka(source: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """A pipe's parameters of a Kafka cluster, as a mapping has them."""
    brokers = source.removeprefix("smk://").split(",")
    credentials = given.get("Credentials") or {}
    access = [{"Type": _ACCESS[name], "URI": arn} for name, arn in credentials.items()]
    if given.get("ServerRootCaCertificate"):
        kind = "SERVER_ROOT_CA_CERTIFICATE"
        access.append({"Type": kind, "URI": given["ServerRootCaCertificate"]})
    more = given.get("AdditionalBootstrapServers") or []
    return {
        "EventSourceArn": "",
        "SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": [*brokers, *more]}},
        "SourceAccessConfigurations": access,
        "Topics": [given["TopicName"]],
        "StartingPosition": given.get("StartingPosition") or "TRIM_HORIZON",
        "FunctionResponseTypes": [],
    }
