"""The merged directory of a function's layers: what its environments see as ``/opt``."""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path


def merged(layers: Sequence[Path], work_dir: Path) -> Path:
    """A directory with the contents of all layers, later ones over earlier ones.

    Made once for each list of layers, by hard links where the file system allows. A single layer
    is used as it is.
    """
    if len(layers) == 1:
        return layers[0]
    key = hashlib.sha256("\n".join(str(layer) for layer in layers).encode()).hexdigest()[:32]
    target = work_dir / "opt" / key
    if target.is_dir():
        return target
    draft = target.with_name(f"{key}.{uuid.uuid4().hex}")
    draft.mkdir(parents=True)
    for layer in layers:
        _overlay(layer, draft)
    try:
        draft.rename(target)
    except OSError:  # made by another thread in the meantime
        shutil.rmtree(draft)
    return target


def _remove(place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink()


def _overlay(layer: Path, target: Path) -> None:
    for folder, names, files in os.walk(layer):
        here = target / Path(folder).relative_to(layer)
        here.mkdir(exist_ok=True)
        for name in [*files, *(n for n in names if (Path(folder) / n).is_symlink())]:
            source, place = Path(folder) / name, here / name
            if place.is_symlink() or place.exists():
                shutil.rmtree(
                    place
                ) if place.is_dir() and not place.is_symlink() else place.unlink()
            if source.is_symlink():
                place.symlink_to(os.readlink(source))
                continue
            try:
                os.link(source, place)
            except OSError:
                shutil.copy2(source, place)
