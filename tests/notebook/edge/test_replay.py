"""The log of a running engine, replayed: the decisions are those that were made."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from engine_fixtures import Engine

import lambda_nb
from lambda_nb.notebook.edge.obtaining import distribution


def test_decisions_are_those_of_the_engine(start_engine: Callable[..., Engine]) -> None:
    engine = start_engine("--edge-locations", "fra,iad")
    s3, client = engine.client("s3"), engine.client()
    s3.create_bucket(Bucket="pages")
    for key in ("index.html", "a.html", "b.html"):
        s3.put_object(Bucket="pages", Key=key, Body=key.encode())
    site = distribution("site", "s3://pages", client=client)
    site.behavior("*", query=["q"], cookies=["who"]).behavior("/b*", ttl=0)

    def visit(city: str) -> None:
        for number in range(3):
            for path in ("/", "/a.html?q=1", f"/a.html?q={number}&x={number}", "/b.html", "/no"):
                site.get(path, viewer=city, headers={"cookie": f"who={number % 2}; z={number}"})

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(visit, ["Berlin", "New York"]))
    log = site.log()
    assert set(log["location"]) == {"FRA", "IAD"}
    assert set(log["result"]) == {"Hit", "Miss", "Error"}
    assert log["came"].all()
    replayed = lambda_nb.simulate_edge(log, behaviours=site.caching())
    requests = replayed.requests
    wrong = requests[requests["result"] != requests["logged"]]
    assert replayed.agreement == 1.0, log.loc[wrong.index].to_string()
    assert replayed.hit_ratio == site.hit_ratio()
    # With one location the caches of both are one: fewer misses, longer ways.
    one = lambda_nb.simulate_edge(log, behaviours=site.caching(), locations=["fra"])
    assert one.hit_ratio > replayed.hit_ratio
    assert one.requests["latency"].sum() > replayed.requests["latency"].sum()
