"""Topics of MQTT and the filters that match them."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")

LONGEST_TOPIC = 256
"""Bytes of UTF-8 in a topic or a filter (AWS IoT Core quotas, "Topic size")."""

MOST_SLASHES = 7
"""Forward slashes in a topic or a filter (AWS IoT Core quotas). Those of the first three segments
of a Basic Ingest topic and of ``$share/GROUP/`` do not count."""

LONGEST_GROUP = 128
"""Characters in the name of a shared subscription's group (IoT guide, "Shared subscriptions")."""

SHARED = "$share/"
BASIC_INGEST = "$aws/rules/"


class TopicError(ValueError):
    """A topic or a filter that cannot be used; the message says why."""


def check_topic(topic: str) -> None:
    """Check the topic of a message.

    Raises
    ------
    TopicError
        If it is empty, has a wildcard or a null character, or is too long or too deep for AWS.
    """
    _check(topic, BASIC_INGEST, "topic")
    if "+" in topic or "#" in topic:
        raise TopicError(f"A topic has no wildcards: {topic!r}.")


def check_filter(topic_filter: str) -> None:
    """Check a topic filter, that of a shared subscription (``$share/GROUP/FILTER``) included.

    Raises
    ------
    TopicError
        If wildcards stand where they may not, or if it is too long or too deep for AWS.
    """
    group, bare = split_shared(topic_filter)
    if group is not None and (not group or not bare or "+" in group or "#" in group):
        raise TopicError(f"A shared subscription is $share/GROUP/FILTER, not {topic_filter!r}.")
    if group is not None and len(group) > LONGEST_GROUP:
        raise TopicError(f"A group's name has at most {LONGEST_GROUP} characters: {group!r}.")
    _check(bare, "", "topic filter")
    *front, last = bare.split("/")
    if any(level != "+" and "+" in level for level in (*front, last)):
        raise TopicError(f"+ stands for a whole level: {topic_filter!r}.")
    if any("#" in level for level in front) or ("#" in last and last != "#"):
        raise TopicError(f"# stands alone, as the last level: {topic_filter!r}.")


def _check(text: str, ingest: str, what: str) -> None:
    if not text:
        raise TopicError(f"A {what} has at least one character.")
    if "\0" in text:
        raise TopicError(f"A {what} has no null character: {text!r}.")
    if ingest and text.startswith(ingest):  # neither its slashes nor its bytes count
        text = text[len(ingest) :].partition("/")[2]
    slashes = text.count("/")
    if slashes > MOST_SLASHES:
        raise TopicError(f"A {what} has at most {MOST_SLASHES} slashes, not {slashes}: {text!r}.")
    if len(text) > LONGEST_TOPIC or len(text.encode("utf-8", "replace")) > LONGEST_TOPIC:
        raise TopicError(f"A {what} has at most {LONGEST_TOPIC} bytes: {text!r}.")


def split_shared(topic_filter: str) -> tuple[str | None, str]:
    """Group and filter of a shared subscription; ``None`` and the filter for any other."""
    if not topic_filter.startswith(SHARED):
        return None, topic_filter
    group, _, bare = topic_filter[len(SHARED) :].partition("/")
    return group, bare


def matches(topic_filter: str, topic: str) -> bool:
    """Whether a filter matches a topic.

    A leading wildcard does not match a topic that begins with ``$`` (MQTT 5, 4.7.2). By AWS's
    rules, and unlike MQTT's, ``sensor/#`` does not match ``sensor`` itself (IoT guide, "AWS IoT
    differences from MQTT specifications").
    """
    if topic_filter == topic:
        return True
    levels, wanted = topic.split("/"), topic_filter.split("/")
    if topic.startswith("$") and wanted[0] in ("+", "#"):
        return False
    for place, level in enumerate(wanted):
        if place == len(levels):
            return False
        if level == "#":
            return True
        if level not in ("+", levels[place]):
            return False
    return len(wanted) == len(levels)


def covers(wider: str, narrower: str) -> bool:
    """Whether each topic that one filter matches is matched by another one as well.

    Examples
    --------
    >>> covers("a/#", "a/+/c"), covers("a/+", "a/#"), covers("#", "$aws/x")
    (True, False, False)
    """
    levels = narrower.split("/")
    if narrower.startswith("$") and wider[:1] in ("+", "#"):
        return False
    wanted = wider.split("/")
    for place, level in enumerate(wanted):
        if place == len(levels):
            return False
        if level == "#":
            return True
        if levels[place] == "#" or level not in ("+", levels[place]):
            return False
    return len(wanted) == len(levels)


class _Node(Generic[T]):
    __slots__ = ("below", "values")

    def __init__(self) -> None:
        self.below: dict[str, _Node[T]] = {}
        self.values: list[T] = []


class TopicTree(Generic[T]):
    """Values by topic filter, found by topic. Values are told apart by ``==``.

    It matches as :func:`matches` does. ``find`` remembers what it found for the topics asked last,
    until the tree changes.
    """

    _REMEMBERED = 4096

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()
        self._found: dict[str, list[T]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, topic_filter: str, value: T) -> None:
        """Add a value under a filter; the same pair may stand in it more than once."""
        node = self._root
        for level in topic_filter.split("/"):
            node = node.below.setdefault(level, _Node())
        node.values.append(value)
        self._count += 1
        self._found.clear()

    def remove(self, topic_filter: str, value: T) -> bool:
        """Remove a value from under a filter. False if it is not there."""
        path: list[tuple[_Node[T], str]] = []
        node = self._root
        for level in topic_filter.split("/"):
            below = node.below.get(level)
            if below is None:
                return False
            path.append((node, level))
            node = below
        if value not in node.values:
            return False
        node.values.remove(value)
        self._count -= 1
        self._found.clear()
        for above, level in reversed(path):
            if node.values or node.below:
                break
            del above.below[level]
            node = above
        return True

    def find(self, topic: str) -> list[T]:
        """The values of all filters that match a topic, in no particular order.

        The list is shared with later calls: do not change it.
        """
        found = self._found.get(topic)
        if found is None:
            found = []
            self._collect(topic, found)
            if len(self._found) >= self._REMEMBERED:
                self._found.clear()
            self._found[topic] = found
        return found

    def _collect(self, topic: str, found: list[T]) -> None:
        levels = topic.split("/")
        wild = not topic.startswith("$")
        nodes = [self._root]
        for place, level in enumerate(levels):
            if place or wild:
                for node in nodes:
                    if (rest := node.below.get("#")) is not None:
                        found += rest.values
            following = []
            for node in nodes:
                if (exact := node.below.get(level)) is not None:
                    following.append(exact)
                if (place or wild) and (any_level := node.below.get("+")) is not None:
                    following.append(any_level)
            nodes = following
        for node in nodes:
            found += node.values
