"""The APIs ``iot-data`` and ``iot-jobs-data`` of one Region, by botocore's model."""

from __future__ import annotations

from lambda_nb.engine.api.admission.gate import Gate
from lambda_nb.engine.api.service_api import ServiceApi
from lambda_nb.engine.iot.data_api.broker import Broker
from lambda_nb.engine.iot.data_api.connection_operations import ConnectionOperations
from lambda_nb.engine.iot.data_api.message_operations import MessageOperations
from lambda_nb.engine.iot.data_api.shadow_operations import ShadowOperations
from lambda_nb.engine.iot.jobs.jobs import Jobs
from lambda_nb.engine.iot.shadows.shadows import Shadows
from lambda_nb.engine.model import Operation

_TOPICS = ("/topics/", "/retainedMessage/")


def data_api(gate: Gate, broker: Broker, shadows: Shadows) -> ServiceApi:
    """The API ``iot-data`` for signed requests.

    Parameters
    ----------
    gate
        Checks signatures.
    broker
        The Region's broker.
    shadows
        Its shadows.
    """
    return ServiceApi(gate, {"iot-data": operations(broker, shadows)}, respell)


def jobs_data_api(gate: Gate, jobs: Jobs) -> ServiceApi:
    """The API ``iot-jobs-data`` for signed requests.

    Parameters
    ----------
    gate
        Checks signatures.
    jobs
        The Region's jobs.
    """
    return ServiceApi(gate, {"iot-jobs-data": jobs.device_operations()})


def operations(broker: Broker, shadows: Shadows) -> dict[str, Operation]:
    """The operations of ``iot-data`` by AWS's names."""
    return {
        **ShadowOperations(shadows).operations(),
        **MessageOperations(broker).operations(),
        **ConnectionOperations(broker).operations(),
    }


def respell(path: str) -> str:
    """A path whose topic has its slashes encoded: clients send ``/topics/a/b`` as well."""
    for start in _TOPICS:
        if path.startswith(start):
            return start + path[len(start) :].replace("/", "%2F")
    return path
