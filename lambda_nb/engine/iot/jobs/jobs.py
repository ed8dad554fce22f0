"""AWS IoT Jobs of one Region."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from lambda_nb.engine.iot.jobs.control.api import ControlApi
from lambda_nb.engine.iot.jobs.control.management import Management
from lambda_nb.engine.iot.jobs.devices.api import DeviceApi
from lambda_nb.engine.iot.jobs.devices.operations import DeviceJobs
from lambda_nb.engine.iot.jobs.devices.topics import Answer, DeviceTopics
from lambda_nb.engine.iot.jobs.documents import Presign
from lambda_nb.engine.iot.jobs.ledger import Ledger
from lambda_nb.engine.iot.jobs.notices import Notices
from lambda_nb.engine.iot.jobs.registry import Registry
from lambda_nb.engine.iot.jobs.store import JobStore
from lambda_nb.engine.iot.jobs.upkeep import Upkeep
from lambda_nb.engine.iot.message import Topics
from lambda_nb.engine.model import FetchObject, Operation


class Jobs:
    """AWS IoT Jobs of one Region: what its two APIs and its topics do.

    Parameters
    ----------
    topics
        The Region's broker.
    path
        The database; made if it is not there.
    registry
        The Region's things.
    account, region
        For ARNs.
    fetch_object
        Reads job documents from S3.
    presign
        Makes links to objects for job documents; without it, documents have none.
    answer
        Gives a message to one client; without it, answers are published for whoever subscribed.
    clock
        Seconds since 1970.

    Attributes
    ----------
    upkeep : Upkeep
        Looks after rollouts, schedules and timers.
    """

    def __init__(
        self,
        topics: Topics,
        path: Path,
        registry: Registry,
        *,
        account: str,
        region: str,
        fetch_object: FetchObject,
        presign: Presign | None = None,
        answer: Answer | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = JobStore(path)

        def arn(resource: str) -> str:
            return f"arn:aws:iot:{region}:{account}:{resource}"

        ledger = Ledger(self._store, Notices(topics, registry), clock, arn, presign)
        device_jobs = DeviceJobs(ledger)
        self.upkeep = Upkeep(ledger, registry)
        self._topics = DeviceTopics(topics, device_jobs, answer)
        self._device_api = DeviceApi(device_jobs)
        self._control_api = ControlApi(ledger, Management(ledger, registry, fetch_object))
        self._untap: Callable[[], None] | None = None

    async def start(self) -> None:
        """Take requests that come on the reserved topics, and begin to look after jobs."""
        self._untap = self._topics.start()
        self.upkeep.start()

    async def close(self) -> None:
        """End, and release the database."""
        if self._untap is not None:
            self._untap()
        await self.upkeep.close()
        self._store.close()

    def registry_changed(self) -> None:
        """Things or groups may have changed: some may have to get an execution, or to lose it."""
        self.upkeep.registry_changed()

    def device_operations(self) -> Mapping[str, Operation]:
        """The operations of ``iot-jobs-data``."""
        return self._device_api.operations()

    def control_operations(self) -> Mapping[str, Operation]:
        """The operations of ``iot`` on jobs."""
        return self._control_api.operations()
