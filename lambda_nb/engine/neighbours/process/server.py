"""The neighbours' process: a patched moto on a Unix socket.

Its arguments are the descriptor of the socket to serve on, the directory of the services' state
and a directory for the rest. It writes lines to the engine on standard output. The first comes when
it serves and says what was restored. After that, there is a line for each event that a service
pushes to a function, for each shard with new records, and for what cannot be kept on disk. It
answers only the process that started it, and no other process of the same user. On standard input
it reads which events the engine has, and when to forget everything.
That ends when the engine does, however it ends: then the process saves what has changed and exits.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import struct
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lambda_nb.engine.neighbours.process.agreed import EMPTY, LOG
from lambda_nb.engine.neighbours.process.emptying import Emptying
from lambda_nb.engine.neighbours.storage.service_state import Keeper
from lambda_nb.engine.neighbours.to_engine import event_pipe
from lambda_nb.engine.neighbours.to_engine.event_pipe import Journal, Outlet

log = logging.getLogger(__name__)


def _follow_engine(keepers: list[Keeper], outlets: list[Outlet], emptying: list[Emptying]) -> None:
    """Take acknowledgements and requests to be emptied until the engine is gone, then save and
    exit."""
    unread = b""
    while read := os.read(0, 65536):
        *numbers, unread = (unread + read).split(b"\n")
        wanted = [number for number in numbers if number != EMPTY]
        if wanted:  # in order: the last one says it all
            outlets[0].acknowledged(int(wanted[-1]))
        if EMPTY in numbers:
            try:
                emptying[0].run()
            except Exception:  # half empty is worse than gone: the engine starts another
                log.exception("the services cannot be emptied")
                os._exit(1)
    try:
        for keeper in keepers:  # none, while the process starts
            keeper.save()
    finally:
        os._exit(0)


def _admit_only(server: Any, process: int) -> None:
    """Refuse the connections of any other process."""

    def verify_request(connection: socket.socket, address: Any) -> bool:
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        return bool(struct.unpack("3i", credentials)[0] == process)

    server.verify_request = verify_request


def main() -> None:
    """Serve until the engine is gone."""
    engine = os.getppid()
    keepers: list[Keeper] = []
    outlets: list[Outlet] = []
    emptying: list[Emptying] = []
    following = [keepers, outlets, emptying]
    threading.Thread(target=_follow_engine, args=following, daemon=True).start()
    to_engine = sys.stdout
    sys.stdout = sys.stderr  # whatever a library prints must not reach the engine
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    from werkzeug.serving import make_server

    from lambda_nb.engine.neighbours.process.dispatch import Application
    from lambda_nb.engine.neighbours.process.wsgi import Handler
    from lambda_nb.engine.neighbours.services import (
        bucket_policies,
        databases,
        deployments,
        file_systems,
        forwarding,
        load_balancing,
        patches,
        policy_documents,
        secret_rotation,
    )
    from lambda_nb.engine.neighbours.services import door as doors
    from lambda_nb.engine.neighbours.services.cloudfront import installing as cloudfront
    from lambda_nb.engine.neighbours.services.cloudwatch import (
        log_destinations,
        log_metrics,
        logs,
        metric_data,
        metric_queries,
    )
    from lambda_nb.engine.neighbours.services.cloudwatch.alarms.service import Alarms
    from lambda_nb.engine.neighbours.services.cloudwatch.insights import operations as insights
    from lambda_nb.engine.neighbours.services.cloudwatch.log_store import LogStore
    from lambda_nb.engine.neighbours.services.cognito import identity_pools, user_pools
    from lambda_nb.engine.neighbours.services.eventbridge.service import EventBridge
    from lambda_nb.engine.neighbours.services.iot import installing as iot
    from lambda_nb.engine.neighbours.services.iot import registry_events
    from lambda_nb.engine.neighbours.services.iot.certificates import authority
    from lambda_nb.engine.neighbours.services.step_functions import installing as step_functions
    from lambda_nb.engine.neighbours.services.streams import (
        pipes,
        sequence_numbers,
        shards,
        table_changes,
        table_iterators,
    )
    from lambda_nb.engine.neighbours.to_engine import pushes, stream_news
    from lambda_nb.engine.neighbours.to_engine.functions import Functions

    address = os.environ[doors.ENDPOINT]
    patches.apply()
    bucket_policies.install()
    sequence_numbers.install()
    shards.install()
    table_changes.install()
    table_iterators.install()
    file_systems.install()
    policy_documents.install()
    deployments.install()
    databases.install()
    door = doors.opened()
    step_functions.install(door)
    functions = Functions(door)
    secret_rotation.install(functions)
    forwarding.install(door)
    metric_data.install()
    metric_queries.install()
    load_balancing.install(address)
    cloudfront.install(address, door)
    iot.install(address, Path(os.environ[authority.PATH]))
    user_pools.install(functions)
    identity_pools.install(door)
    pipes.install()
    store = LogStore(Path(sys.argv[3]))
    logs.install(store)
    log_destinations.install(functions)
    log_metrics.install()
    insights.install(store)
    keeper = Keeper(Path(sys.argv[2]))
    restored = keeper.install()
    keepers.append(keeper)
    journal = Journal(Path(sys.argv[2]) / event_pipe.NAME)
    if journal.unreadable is not None:
        restored.unreadable.append(str(journal.unreadable))
    outlet = Outlet(to_engine, journal)
    outlets.append(outlet)
    senders = pushes.install(outlet, functions, address)
    events = EventBridge(outlet, door, Path(sys.argv[2]))
    alarms = Alarms(outlet, functions)
    emptying.append(Emptying(keeper, outlet, [store, events, functions]))
    stream_news.install(outlet)
    registry_events.install(outlet)
    application = Application(Path(sys.argv[3]) / LOG)
    server = make_server(
        "unix://", 0, application, threaded=True, request_handler=Handler, fd=int(sys.argv[1])
    )
    server.server_address = ("127.0.0.1", 80)  # assumed for a request without Host
    _admit_only(server, engine)
    to_engine.write(json.dumps(asdict(restored)) + "\n")
    to_engine.flush()
    keeper.start(outlet.tell_unkept)  # only now: the first line says what was restored
    outlet.send_again()
    for sender in senders:
        sender.start()
    alarms.start()
    events.start()
    table_changes.Sweeper().start()
    server.serve_forever()


if __name__ == "__main__":
    main()
