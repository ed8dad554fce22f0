"""The tests' engine: a process of its own that ends with pytest, or one that runs already."""

from __future__ import annotations

import json
import re
import select
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from lambda_nb.testing import environment

_READY = re.compile(
    r"lambda-nb serving on (?P<url>\S+) \(account (?P<account>\d{12}), region (?P<region>\S+), "
    r"credentials (?P<credentials>.+)\)\n"
)
_START_WITHIN_S = 60.0
_END_WITHIN_S = 30.0
_ANSWER_WITHIN_S = 60.0


class EngineError(Exception):
    """The engine cannot be used; the message says why and what to do."""


@dataclass
class Engine:
    """A running engine.

    Attributes
    ----------
    url, account, region
        Where it answers, and its account and home Region.
    access_key, secret_key
        The keys of its user.
    """

    url: str
    account: str
    region: str
    access_key: str
    secret_key: str
    _process: subprocess.Popen[str] | None = field(default=None, repr=False)
    _log: Path | None = field(default=None, repr=False)
    _is_new: bool = field(default=False, repr=False)
    _told: int = field(default=0, repr=False)

    def variables(self, region: str) -> dict[str, str]:
        """The environment variables that lead to it: from now on somebody may use it."""
        self._is_new = False
        return environment.variables(self.url, self.access_key, self.secret_key, region)

    def reset(self) -> None:
        """Let it forget everything: functions, stacks, buckets, queues, logs.

        Raises
        ------
        EngineError
            It refuses, or does not run any more.
        """
        if self._log is not None:
            self._told = self._log.stat().st_size
        if not self._is_new:
            self.call("POST", "reset")

    def shown(self, page: str, region: str | None = None, **query: str | float) -> Any:
        """One of its own pages, such as ``events``, for a Region.

        Raises
        ------
        EngineError
            It does not answer as expected.
        """
        return self.call("GET", page, region, **query)

    def call(self, method: str, page: str, region: str | None = None, **query: str | float) -> Any:
        """A signed request to ``/_lambda_nb/`` and its JSON answer.

        Raises
        ------
        EngineError
            It refuses, or does not run any more.
        """
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        asked = f"?{urlencode(query)}" if query else ""
        body = b"" if method == "POST" else None
        url = f"{self.url}/_lambda_nb/{page}{asked}"
        request = AWSRequest(method, url, data=body)
        keys = Credentials(self.access_key, self.secret_key)
        SigV4Auth(keys, "lambda", region or self.region).add_auth(request)
        headers = dict(request.headers.items())
        signed = urllib.request.Request(  # noqa: S310  (the engine's own URL)
            url, data=body, headers=headers, method=method
        )
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with direct.open(signed, timeout=_ANSWER_WITHIN_S) as reply:
                return json.load(reply)
        except urllib.error.HTTPError as error:
            told = error.read().decode(errors="replace")
            raise EngineError(f"{self.url} refuses {method} {page}: {_message(told)}") from None
        except OSError as error:
            raise EngineError(
                f"{self.url} does not answer ({error}).{self._last_words()}"
            ) from None

    def stop(self) -> None:
        """End it, if it was started here."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_END_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
        if self._log is not None:
            self._log.unlink(missing_ok=True)

    def said(self) -> str:
        """What it has written to its own log since the last reset."""
        if self._log is None:
            return ""
        return self._log.read_bytes()[self._told :].decode(errors="replace").strip()[-4000:]

    def _last_words(self) -> str:
        said = self.said()
        return f" It said:\n{said}" if said else ""


def started(region: str, account: str, options: Sequence[str] = ()) -> Engine:
    """Start an engine that ends with this process, even if that crashes.

    Raises
    ------
    EngineError
        It does not start.
    """
    handle = tempfile.NamedTemporaryFile(  # noqa: SIM115  (the engine writes it for long)
        "w", prefix="lambda-nb-pytest-", suffix=".log", delete=False
    )
    log = Path(handle.name)
    command = [sys.executable, "-m", "lambda_nb.engine", "serve", "--port", "0", "--resettable"]
    command += ["--end-with-parent", "--runtime-fallback", "nearest"]
    command += ["--region", region, "--account", account, *options]
    with handle:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=handle,
            text=True,
            start_new_session=True,
            env=environment.own(),
        )
    import boto3  # noqa: F401  # while the engine starts

    assert process.stdout is not None
    readable, _, _ = select.select([process.stdout], [], [], _START_WITHIN_S)
    line = process.stdout.readline() if readable else ""
    ready = _READY.fullmatch(line)
    if ready is None:
        process.kill()
        process.wait()
        process.stdout.close()
        said = (line + log.read_text(errors="replace")).strip()[-2000:]
        log.unlink()
        said = said.rpartition(" error: ")[2] if said.startswith("usage: ") else said
        raise EngineError(f"the engine did not start; it said:\n{said or '(nothing)'}")
    issued = json.loads(Path(ready["credentials"]).with_suffix(".json").read_text())
    keys = issued["access_key_id"], issued["secret_access_key"]
    return Engine(ready["url"], ready["account"], ready["region"], *keys, process, log, True)


def given(url: str) -> Engine:
    """An engine that runs already, with the keys that boto3 finds.

    Raises
    ------
    EngineError
        It does not answer, or was not started to be emptied.
    """
    import boto3

    found = boto3.Session().get_credentials()
    keys = (found.access_key, found.secret_key) if found is not None else ("test", "test")
    engine = Engine(url.rstrip("/"), "", "us-east-1", *keys)
    status = engine.shown("status")
    if not status.get("resettable"):
        raise EngineError(
            f"{url} keeps what it holds, and tests would find it there. Start it with: "
            "lambda-nb serve --resettable"
        )
    engine.account, engine.region = status["account"], status["region"]
    return engine


def _message(answer: str) -> str:
    try:
        told = json.loads(answer)
    except ValueError:
        return answer[:500]
    return str(told.get("message") or told.get("Message") or told)
