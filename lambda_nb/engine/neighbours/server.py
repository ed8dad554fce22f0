"""The neighbours' process: moto on loopback, with what it lacks put right.

Its arguments are the descriptor of the socket to serve on and a directory. Its standard output
speaks to the engine: first an empty object, once it serves, then a line for each event that a
service pushes to a function. It ends when its standard input does, that is with the engine, however
the engine ends.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from pathlib import Path

from lambda_nb.engine.neighbours.outlet import Outlet


def _end_with_engine() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def main() -> None:
    """Serve until the engine is gone."""
    threading.Thread(target=_end_with_engine, daemon=True).start()
    to_engine = sys.stdout
    sys.stdout = sys.stderr  # whatever a library prints must not reach the engine
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    from lambda_nb.engine.neighbours import bus, clock, figures, logs, patches, pushes
    from lambda_nb.engine.neighbours.logstore import LogStore

    patches.apply()
    figures.install()
    logs.install(LogStore(Path(sys.argv[2])))
    outlet = Outlet(to_engine)
    pushes.install(outlet)
    clock.Clock(bus.Targets(outlet)).start()
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, application, threaded=True, fd=int(sys.argv[1]))
    to_engine.write("{}\n")
    to_engine.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
