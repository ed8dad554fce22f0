"""Does work on many names at once, each when all it needs is done."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Collection, Mapping

MOST_AT_ONCE = 8
"""Resources that one stack makes or deletes at the same time."""


def walk(
    needs: Mapping[str, Collection[str]],
    work: Callable[[str], bool],
    go_on: Callable[[], bool],
    most: int = MOST_AT_ONCE,
) -> set[str]:
    """Call ``work`` for each name in threads, and wait for all that was begun.

    Parameters
    ----------
    needs
        For each name the names that must be done before; names that are no keys count as done.
    work
        Does one; returns whether it succeeded. What needs one that did not succeed is left out.
    go_on
        Whether more may be begun; asked before each.
    most
        How many may be done at the same time.

    Returns
    -------
    set of str
        The names for which ``work`` succeeded.

    Raises
    ------
    BaseException
        What a call of ``work`` raised; the others are not waited for.
    """
    left = {name: {one for one in wanted if one in needs} for name, wanted in needs.items()}
    answers: queue.SimpleQueue[tuple[str, bool | BaseException]] = queue.SimpleQueue()
    done: set[str] = set()
    running = 0
    while True:
        if go_on():
            for name in [name for name, wanted in left.items() if wanted <= done]:
                if running == most:
                    break
                del left[name]
                running += 1
                _begin(work, name, answers)
        if not running:
            return done
        name, answer = answers.get()
        running -= 1
        if isinstance(answer, BaseException):
            raise answer
        if answer:
            done.add(name)


def _begin(
    work: Callable[[str], bool],
    name: str,
    answers: queue.SimpleQueue[tuple[str, bool | BaseException]],
) -> None:
    def run() -> None:
        try:
            answers.put((name, work(name)))
        except BaseException as error:  # raised in the thread that waits
            answers.put((name, error))

    # A daemon: a call that hangs does not keep an engine alive that was told to end.
    threading.Thread(target=run, name=f"stack resource {name}", daemon=True).start()


def reversed_needs(needs: Mapping[str, Collection[str]]) -> dict[str, set[str]]:
    """What must be gone before each name: those that need it.

    Examples
    --------
    >>> reversed_needs({"a": [], "b": ["a"]})
    {'a': {'b'}, 'b': set()}
    """
    turned: dict[str, set[str]] = {name: set() for name in needs}
    for name, wanted in needs.items():
        for one in wanted:
            if one in turned:
                turned[one].add(name)
    return turned
