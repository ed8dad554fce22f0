"""Makes the records of a rescued database consistent again."""

from __future__ import annotations

from collections.abc import Iterator

from lambda_nb.engine.control.functions.lookup import OF_A_FUNCTION
from lambda_nb.engine.control.records.store import Batch, Store
from lambda_nb.rules.settings.names import LATEST


def mend(store: Store) -> list[str]:
    """Rebuild or remove records whose related records were lost.

    Returns
    -------
    list of str
        A sentence for each function, alias, layer or mapping that changed.
    """
    with store.write() as batch:
        words = [*_functions(store, batch), *_layers(store, batch)]
    with store.write() as batch:
        words += [*_aliases(store, batch), *_mappings(store, batch)]
    return words


def _parents(store: Store, kind: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for parent, key, _ in store.every(kind):
        found.setdefault(parent, set()).add(key)
    return found


def _next(versions: set[str]) -> int:
    return max((int(version) for version in versions if version.isdecimal()), default=0) + 1


def _functions(store: Store, batch: Batch) -> Iterator[str]:
    functions = set(store.children("function", ""))
    versions = _parents(store, "version")
    for name, kept in versions.items():
        if LATEST in kept and name not in functions:
            batch.put("function", "", name, {"next": _next(kept), "tags": {}})
            yield f"function {name} lost its tags, reserved concurrency and code signing"
    parents = {name for kind in OF_A_FUNCTION for name in _parents(store, kind)}
    for name in functions | parents:
        if LATEST in versions.get(name, ()):
            continue
        batch.delete("function", "", name)
        for kind in OF_A_FUNCTION:
            for key in store.children(kind, name):
                batch.delete(kind, name, key)
        yield f"function {name} lost its $LATEST version and is removed: create it again"


def _layers(store: Store, batch: Batch) -> Iterator[str]:
    layers = set(store.children("layer", ""))
    for name, versions in _parents(store, "layer_version").items():
        if name not in layers:
            batch.put("layer", "", name, {"next": _next(versions)})
            yield f"layer {name} counts on from its last version that could be read"


def _aliases(store: Store, batch: Batch) -> Iterator[str]:
    versions = _parents(store, "version")
    for name, alias, record in store.every("alias"):
        if {record["FunctionVersion"], *record["weights"]} <= versions.get(name, set()):
            continue
        for kind in ("alias", "policy", "provisioned", "event_invoke", "url"):
            batch.delete(kind, name, alias)
        yield f"alias {alias} of {name} led to a version that is lost, and is removed"


def _mappings(store: Store, batch: Batch) -> Iterator[str]:
    functions = store.children("function", "")
    for identifier, record in store.children("mapping", "").items():
        name = record["function"].split(":")[6]
        if name not in functions:
            batch.delete("mapping", "", identifier)
            source = record["config"].get("EventSourceArn", "its source")
            yield f"the event source mapping of {name} from {source} is removed with its function"
