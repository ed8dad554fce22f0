"""What pytest loads: options, the mark, fixtures and the section of a failed test's report.

It is loaded in every run of pytest where the package is installed. So nothing heavy is imported
here, and nothing is started, before a test asks for a fixture.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from lambda_nb.testing.cloud import Cloud
    from lambda_nb.testing.engine import Engine

_MARK = "local_aws"
_ENGINE = pytest.StashKey["Engine"]()
_WIRED = pytest.StashKey[Any]()
_HELD = pytest.StashKey[str]()
"""The module whose tests use ``local_aws_module`` at present."""
_HELP = {
    "local_aws_region": "the Region of the tests (default: us-east-1)",
    "local_aws_account": "the account id of the tests, 12 digits (default: 000000000000)",
    "local_aws_options": "further options of `lambda-nb serve` for the tests' engine",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the plugin's options."""
    group = parser.getgroup("lambda_nb", "AWS on this machine, by lambda_nb")
    group.addoption(
        "--lambda-nb-endpoint",
        metavar="URL",
        default=None,
        help="use this running engine, started with --resettable; signed with the keys that boto3 "
        "finds. Every test empties it",
    )
    parser.addini("local_aws_region", _HELP["local_aws_region"], default="us-east-1")
    parser.addini("local_aws_account", _HELP["local_aws_account"], default="000000000000")
    parser.addini("local_aws_options", _HELP["local_aws_options"], type="args", default=[])
    parser.addini(
        "local_aws_from_start",
        "start the engine before tests are collected, for clients that modules make when they are "
        "imported (default: false)",
        type="bool",
        default=False,
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line(
        "markers",
        f"{_MARK}(region=None, reset=True): the Region of a test that uses the fixture local_aws, "
        "and whether the engine is emptied before it",
    )


def pytest_sessionstart(session: pytest.Session) -> None:
    """Start the engine before the collection, if that was asked for."""
    config = session.config
    distributes = getattr(config.option, "dist", "no") != "no" and not _is_worker(config)
    if not config.getini("local_aws_from_start") or distributes:
        return
    from lambda_nb.testing.environment import wired

    engine = _engine(config)
    wiring = wired(engine.variables(engine.region))
    wiring.__enter__()
    config.stash[_WIRED] = wiring


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the engine, and restore the environment."""
    wiring = config.stash.get(_WIRED, None)
    if wiring is not None:
        wiring.__exit__(None, None, None)
    engine = config.stash.get(_ENGINE, None)
    if engine is not None:
        engine.stop()


@pytest.fixture(scope="session")
def local_aws_engine(pytestconfig: pytest.Config) -> Engine:
    """The engine of this process of pytest: one for each worker of xdist, started on demand."""
    return _engine(pytestconfig)


@pytest.fixture(scope="module")
def local_aws_module(request: pytest.FixtureRequest, local_aws_engine: Engine) -> Iterator[Cloud]:
    """As ``local_aws``, for a whole module: emptied before its first test only."""
    request.config.stash[_HELD] = request.node.name
    try:
        yield from _wired_cloud(request, local_aws_engine)
    finally:
        del request.config.stash[_HELD]


@pytest.fixture
def local_aws(request: pytest.FixtureRequest, local_aws_engine: Engine) -> Iterator[Cloud]:
    """An empty AWS for one test, and the environment variables that lead boto3 to it."""
    held = request.config.stash.get(_HELD, None)
    if held is not None:
        raise pytest.UsageError(
            f"local_aws would empty what local_aws_module holds: use one of them in {held}."
        )
    yield from _wired_cloud(request, local_aws_engine)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Add to the report of a failed test what its functions did."""
    report = yield
    if report.failed:
        used = getattr(item, "funcargs", {})
        cloud = used.get("local_aws") or used.get("local_aws_module")
        told = cloud.told() if cloud is not None else ""
        if told:
            report.sections.append(("lambda_nb: what functions did", told))
        said = item.config.stash[_ENGINE].said() if cloud is not None else ""
        if said:
            report.sections.append(("lambda_nb: what the engine said", said))
    return report


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _engine(config: pytest.Config) -> Engine:
    """The engine of this process, started if need be."""
    if _ENGINE in config.stash:
        return config.stash[_ENGINE]
    from lambda_nb.testing.engine import EngineError, given, started

    endpoint = config.getoption("--lambda-nb-endpoint") or os.environ.get("LAMBDA_NB_ENDPOINT")
    try:
        if endpoint:
            if int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")) > 1:
                raise EngineError(
                    f"several workers would empty {endpoint} under one another's tests. Run pytest "
                    "with -n 0, or without --lambda-nb-endpoint: then each worker has its own."
                )
            engine = given(endpoint)
        else:
            engine = started(
                config.getini("local_aws_region"),
                config.getini("local_aws_account"),
                config.getini("local_aws_options"),
            )
    except EngineError as error:
        raise pytest.UsageError(str(error)) from None
    config.stash[_ENGINE] = engine
    return engine


def _wired_cloud(request: pytest.FixtureRequest, engine: Engine) -> Iterator[Cloud]:
    """Empty the engine and lead boto3 to it, as the test's mark says."""
    from lambda_nb.testing.cloud import Cloud
    from lambda_nb.testing.environment import wired

    mark = request.node.get_closest_marker(_MARK)
    settings = {"region": None, "reset": True, **(mark.kwargs if mark else {})}
    if unknown := settings.keys() - {"region", "reset"}:
        raise pytest.UsageError(
            f"the mark {_MARK} takes region and reset, not {', '.join(sorted(unknown))}"
        )
    region = settings["region"] or engine.region
    if settings["reset"]:
        engine.reset()
    with wired(engine.variables(region)):
        cloud = Cloud(engine, region, request.path.parent)
        try:
            yield cloud
        finally:
            cloud.close()
