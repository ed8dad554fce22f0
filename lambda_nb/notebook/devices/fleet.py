"""``lambda_nb.fleet``: many simulated devices that publish by a law."""

from __future__ import annotations

import heapq
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from lambda_nb.notebook import display
from lambda_nb.notebook.devices.device import Device
from lambda_nb.notebook.devices.laws import NAMED, Law, Simulated
from lambda_nb.notebook.errors import NotebookError, UsageError
from lambda_nb.notebook.functions.monitoring import ago

if TYPE_CHECKING:
    import pandas as pd

MOST_DEVICES = 2000
MOST_REMEMBERED = 100_000
"""Messages that a fleet remembers, the latest."""
_AT_ONCE = 16


class Fleet(Sequence[Device]):
    """Simulated devices; each is a real MQTT client with a certificate of its own.

    Parameters
    ----------
    devices
        The devices.
    simulated
        What the law sees of each.
    law, topic
        Make payload and topic of a message.
    every_s, jitter
        Seconds between two messages of a device, and the share by which they vary.
    qos
        Of the messages.
    """

    def __init__(
        self,
        devices: Sequence[Device],
        simulated: Sequence[Simulated],
        law: Law,
        topic: Callable[[Simulated], str],
        every_s: float,
        jitter: float,
        qos: int,
    ) -> None:
        self._devices = list(devices)
        self._simulated = list(simulated)
        self._law = law
        self._topic = topic
        self._every_s = every_s
        self._jitter = jitter
        self._qos = qos
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._began = 0.0
        self._sent: deque[tuple[float, str, str, Any]] = deque(maxlen=MOST_REMEMBERED)
        self.sent = 0
        self.error: Exception | None = None

    def __getitem__(self, at: Any) -> Any:
        """One of the devices, or some."""
        return self._devices[at]

    def __len__(self) -> int:
        """How many devices there are."""
        return len(self._devices)

    def __iter__(self) -> Iterator[Device]:
        """The devices."""
        return iter(self._devices)

    @property
    def running(self) -> bool:
        """Whether the devices publish."""
        return self._thread is not None and self._thread.is_alive()

    def connect(self) -> Fleet:
        """Connect all devices.

        Raises
        ------
        NotebookError
            One of them cannot.
        """
        with ThreadPoolExecutor(_AT_ONCE, "lambda_nb fleet") as pool:
            list(pool.map(Device.connect, self._devices))
        return self

    def start(self) -> Fleet:
        """Let the devices publish, in the background, until :meth:`stop`."""
        if self.running:
            return self
        self.connect()
        self._stop.clear()
        self.error = None
        self._began = time.monotonic()
        self._thread = threading.Thread(target=self._publish, name="lambda_nb fleet", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> Fleet:
        """Let them be silent; they stay connected.

        Raises
        ------
        NotebookError
            The law failed meanwhile, or a device was cut off.
        """
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self.error is not None:
            error, self.error = self.error, None
            raise NotebookError(f"the fleet stopped: {type(error).__name__}: {error}") from error
        return self

    def run(self, duration: str | float) -> Fleet:
        """Let them publish for a time, such as ``"30s"``, and wait for it."""
        seconds = ago(duration).total_seconds() if isinstance(duration, str) else float(duration)
        self.start()
        try:
            if self._thread is not None:
                self._thread.join(seconds)
        finally:
            self.stop()
        return self

    def close(self) -> None:
        """Stop, disconnect all devices and delete their certificates and things."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        with ThreadPoolExecutor(_AT_ONCE, "lambda_nb fleet") as pool:
            list(pool.map(lambda device: device.close(delete=True), self._devices))

    def __enter__(self) -> Fleet:
        """Start."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def to_frame(self) -> pd.DataFrame:
        """What was published: seconds since the start, device, topic, and the payload's keys."""
        import pandas as pd

        rows = [
            {
                "seconds": at,
                "device": device,
                "topic": topic,
                **(payload if isinstance(payload, dict) else {"payload": payload}),
            }
            for at, device, topic, payload in list(self._sent)
        ]
        frame: pd.DataFrame = pd.DataFrame(rows, columns=None if rows else ["seconds", "device"])
        return frame

    def _publish(self) -> None:
        """Publish each device's messages when they are due."""
        due = [
            (device.random.random() * self._every_s, device.number) for device in self._simulated
        ]
        heapq.heapify(due)
        try:
            while due:
                at, number = due[0]
                wait = self._began + at - time.monotonic()
                if self._stop.wait(max(0.0, wait)):
                    return
                device = self._simulated[number]
                self._send(device, at)
                pause = self._every_s * (1 + device.random.uniform(-self._jitter, self._jitter))
                heapq.heapreplace(due, (at + pause, number))
        except Exception as error:  # the user's law, or a connection that was cut: told by stop()
            self.error = error

    def _send(self, device: Simulated, at: float) -> None:
        payload = self._law(device, at)
        if payload is None:
            return
        topic = self._topic(device)
        self._devices[device.number].publish_soon(topic, payload, qos=self._qos)
        self.sent += 1
        self._sent.append((at, device.name, topic, payload))

    def __repr__(self) -> str:
        state = "publishing" if self.running else "silent"
        sent = display.count(self.sent, "message")
        return f"<fleet of {display.count(len(self), 'device')}, {state}: {sent}>"

    def _repr_html_(self) -> str:
        connected = sum(device.connected for device in self._devices)
        rate = len(self) / self._every_s
        return display.card(
            display.line(
                display.bold(display.count(len(self), "device")),
                display.tag("publishing" if self.running else "silent", "ok"),
                display.dim(f"{connected} connected"),
                display.dim(display.count(self.sent, "message")),
                display.dim(f"{rate:,.1f} a second"),
            )
        )


def fleet(
    count: int,
    law: str | Law = "walk",
    *,
    topic: str = "room/{number}/sensor",
    places: Sequence[str] | None = None,
    every: str | float = "5s",
    jitter: float = 0.1,
    prefix: str = "sensor-",
    qos: int = 0,
    seed: int | None = None,
    client: Any = None,
) -> Fleet:
    """Make a fleet of simulated devices: things with certificates, and MQTT clients.

    Parameters
    ----------
    count
        How many, 1 to 2000.
    law
        What they say: ``"walk"``, ``"daily"`` or ``"spikes"`` (temperatures), one of
        ``lambda_nb.notebook.devices.laws`` with settings of your own, or a function of the device
        and the seconds since the start; it returns a payload, or ``None`` for nothing.
    topic
        Where: ``{number}``, ``{name}`` and ``{place}`` are the device's.
    places
        The place of each device, for ``{place}``: its room, say. The law sees it as well.
    every
        Time between two messages of one device: ``"5s"``, or seconds.
    jitter
        The share by which that time varies, 0 to 1.
    prefix
        What their names begin with; the number follows.
    qos
        0 or 1.
    seed
        Makes the random numbers repeatable.
    client
        A boto3 Lambda client; default: the notebook's connection.

    Returns
    -------
    Fleet
        ``.run("30s")``, ``.start()``, ``.stop()``; ``.to_frame()`` has what was published.

    Raises
    ------
    UsageError
        A setting is not valid.

    Examples
    --------
    >>> sensors = lambda_nb.fleet(200, law="spikes", topic="room/{number}/sensor")  # doctest: +SKIP
    >>> sensors.run("30s")  # doctest: +SKIP
    """
    if not isinstance(count, int) or not 1 <= count <= MOST_DEVICES:
        raise UsageError(f"a fleet has 1 to {MOST_DEVICES} devices, not {count!r}")
    every_s = ago(every).total_seconds() if isinstance(every, str) else float(every)
    if not every_s > 0:
        raise UsageError(f"every is {every!r}; give a time above 0, such as '5s'")
    if not 0 <= jitter <= 1:
        raise UsageError(f"jitter is {jitter!r}; give a share from 0 to 1")
    if places is not None and len(places) != count:
        raise UsageError(f"places has {len(places)} names for {count} devices")
    if isinstance(law, str):
        if law not in NAMED:
            raise UsageError(
                f"there is no law {law!r}; there are {', '.join(NAMED)}, or give a function of the "
                "device and the seconds"
            )
        law = NAMED[law]()
    dice = random.Random(seed)
    simulated = [
        Simulated(number, f"{prefix}{number}", random.Random(dice.random()), place)
        for number, place in enumerate(places or [""] * count)
    ]
    try:
        topic.format(number=0, name="", place="")
    except (KeyError, IndexError, ValueError) as error:
        raise UsageError(
            f"the topic {topic!r} has a part that is unknown ({error}); there are {{number}}, "
            "{name} and {place}"
        ) from None
    devices = [Device(one.name, client=client) for one in simulated]
    return Fleet(
        devices,
        simulated,
        law,
        lambda one: topic.format(number=one.number, name=one.name, place=one.place),
        every_s,
        jitter,
        qos,
    )
