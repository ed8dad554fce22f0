"""What the Regions of an engine have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lambda_nb.engine.api.admission.credentials import Credentials
from lambda_nb.engine.api.function_calls.calls import FunctionCalls
from lambda_nb.engine.api.neighbours.service_changes import ServiceChanges
from lambda_nb.engine.api.wire.certificates import Certificates
from lambda_nb.engine.aws_calls.service_directory import Directory
from lambda_nb.engine.aws_calls.upstream import Upstream
from lambda_nb.engine.edge.triggers.replicated_functions import Replicas
from lambda_nb.engine.execution import Executor
from lambda_nb.engine.execution.control_hooks import FindVersion
from lambda_nb.engine.execution.failures import Failures
from lambda_nb.engine.execution.handover import Handover
from lambda_nb.engine.gateways.shared.own_addresses import OwnAddresses
from lambda_nb.engine.iot.admission.changes import Changes
from lambda_nb.engine.machine.file_descriptors import Descriptors
from lambda_nb.engine.model import LogSink, RecordSink
from lambda_nb.engine.options import Options
from lambda_nb.engine.permissions.functions import Functions
from lambda_nb.engine.stacks.custom.answers import Answers
from lambda_nb.engine.telemetry.log_lines import LogShipper
from lambda_nb.engine.telemetry.metric_series import OneSeries
from lambda_nb.engine.telemetry.metrics import Metrics
from lambda_nb.engine.telemetry.records import INVOCATION_LOG


@dataclass(frozen=True, slots=True)
class Shared:
    """What the Regions of an engine have in common: its address, its keys, its services.

    ``functions`` gives the functions of the Region that an ARN names; ``balancing`` says when load
    balancers change, ``changes`` when what other services keep does, by their signing names.
    ``stack_answers`` takes the answers of stacks' custom resources; who keeps a service itself
    calls ``service_changed`` with its signing name; ``may_hold`` says whether a service may hold
    anything. ``failures`` keeps the frames of failed
    functions, if that was asked for.
    """

    options: Options
    url: str
    credentials: Credentials
    descriptors: Descriptors
    services: Directory
    upstream: Upstream
    addresses: OwnAddresses
    certificates: Certificates
    functions: Callable[[str], Functions]
    balancing: ServiceChanges
    changes: Mapping[str, ServiceChanges]
    permissions: Changes
    rule_changes: ServiceChanges
    replicas: Replicas
    function_calls: FunctionCalls
    stack_answers: Answers
    service_changed: Callable[[str], None]
    may_hold: Callable[[str], bool]
    failures: Failures | None = None

    def telemetry(self, region: str) -> tuple[LogShipper, Metrics]:
        """What takes a Region's log lines and figures; to be closed, the first one last."""
        figures_at = self.options.elsewhere.get("monitoring", self.options.neighbours_url)
        choose = OneSeries(figures_at) if figures_at else None
        logs = LogShipper(self.services.now("logs"), region, first=INVOCATION_LOG)
        return logs, Metrics(self.services.now("monitoring"), logs, region, choose)

    def executor(
        self,
        region: str,
        work_dir: Path,
        logs: LogSink,
        records: RecordSink,
        function_version: FindVersion | None = None,
        taken_over: Handover | None = None,
    ) -> Executor:
        """What runs functions in a Region, as the options say.

        Parameters
        ----------
        work_dir
            For its environments.
        logs, records
            Get log lines and the records of finished attempts.
        function_version
            Looks up a version; only provisioned concurrency needs it.
        taken_over
            What the Region's executor before has left.
        """
        options = self.options
        return Executor(
            work_dir=work_dir,
            account=options.account,
            region=region,
            api_endpoint=lambda: self.url,
            credentials_for=self.credentials.for_function,
            logs=logs,
            records=records,
            keep_alive_s=options.keep_alive_s,
            max_age_s=options.max_age_s,
            account_limit=options.account_concurrency,
            isolation=options.isolation,
            share_cpu=options.cpu_share == "proportional",
            runtime_fallback=options.runtime_fallback,
            descriptors=self.descriptors,
            variables=self.certificates.variables,
            readable=(self.certificates.public,),
            function_version=function_version,
            debug_secret=self.credentials.keys[1].encode(),
            failures=self.failures,
            taken_over=taken_over,
        )
