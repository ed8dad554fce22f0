"""The neighbours' process: moto on loopback, with what it lacks put right.

Prints one line, ``{"port": N}``, when it listens; ends when its standard input does, that is with
the engine, however the engine ends.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading


def _end_with_engine() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def main() -> None:
    """Serve until the engine is gone."""
    threading.Thread(target=_end_with_engine, daemon=True).start()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    from lambda_nb.engine.neighbours import patches

    patches.apply()
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, application, threaded=True)
    print(json.dumps({"port": server.server_port}), flush=True)  # noqa: T201
    server.serve_forever()


if __name__ == "__main__":
    main()
