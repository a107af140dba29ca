"""The folder of a data set: what it is of, what is in it, what is left over.

A folder belongs to the settings that it was begun with, which lie in it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from wholebody_mm.synthetic.backgrounds import photo_paths
from wholebody_mm.synthetic.body import CACHE_VERSION
from wholebody_mm.synthetic.renderer import Renderer
from wholebody_mm.whole_files import is_part, read_json, write_json

ANNOTATIONS = 'annotations.json'
IMAGES = 'images'
CHUNKS, SETTINGS = '.chunks', 'settings.json'
# Of what a seed gives, raised by what changes its images.
SCENES_VERSION = 1
# Nothing takes that long between two writes to a file: seconds.
ABANDONED = 60.0


def is_labelled(out: Path) -> bool:
    """Whether a data set has its labels.

    A file without content is what a power cut leaves.
    """
    path = out / ANNOTATIONS
    return path.is_file() and path.stat().st_size > 0


def remove_leftovers(out: Path) -> None:
    """Remove files that stopped runs had begun to write.

    Not those of another run of the same, which may be writing now.

    Args:
        out: The folder of a data set.
    """
    for folder in (out, out / IMAGES):
        for path in folder.iterdir():
            if is_part(path):
                with suppress(OSError):  # gone, or somebody has it open
                    if time.time() - path.stat().st_mtime > ABANDONED:
                        path.unlink()


def claim(out: Path, settings: dict, renderer: Callable[[], Renderer]) -> None:
    """Make the folder, or check that it belongs to the same settings.

    Args:
        out: The folder.
        settings: Names and values of ``generate.Settings``.
        renderer: Makes the renderer.

    Raises:
        ValueError: If it holds anything else.
    """
    path, chunks, images = out / SETTINGS, out / CHUNKS, out / IMAGES
    wanted = json.loads(json.dumps(settings))
    wanted['made_with'] = _made_with(settings['backgrounds'], renderer)
    labelled = is_labelled(out)
    # a run that has begun has made the folder, whatever is in it
    begun = images.is_dir() or labelled
    foreign = ValueError(
        f'{out} holds images, annotations or {SETTINGS} that were not made '
        f'by this command; give another folder'
    )
    if path.is_file():
        found = _read_settings(path) if begun else _try_to_read(path)
        if not (isinstance(found, dict) and found.keys() <= wanted.keys()):
            raise foreign
    if begun and path.is_file():
        differing = _differing(found, wanted)
        if differing:
            raise ValueError(
                f'{out} holds images of other settings '
                f'({", ".join(differing)}; see {path}); give another folder, '
                f'the same settings, or delete {out} with all that is in it'
            )
        images.mkdir(exist_ok=True)
        return
    if labelled or (begun and any(images.iterdir())):
        raise foreign
    # labels of images that somebody deleted
    shutil.rmtree(chunks, ignore_errors=True)
    images.mkdir(parents=True, exist_ok=True)
    # nothing keeps two runs out of one folder: they write the same
    write_json(path, wanted, indent=1, several=True)


def _read_settings(path: Path) -> object:
    """The settings of a folder that has images."""
    try:
        return read_json(path)
    except ValueError as error:
        raise ValueError(
            f'{error}: it said what {path.parent} is of; delete {path.parent} '
            f'with all that is in it, or give another folder'
        ) from error


def _try_to_read(path: Path) -> object:
    """Settings of a folder that has nothing else; {} if they are not whole."""
    if not path.stat().st_size:
        return {}
    with suppress(ValueError):
        return read_json(path)
    return None


def _differing(found: dict, wanted: dict) -> list[str]:
    """Names of the settings in which two files differ."""
    # what folders of before these settings do not say
    found = {'without': [], **found}
    of_found, of_wanted = found.pop('made_with', {}), wanted['made_with']
    if of_found.get('renderer') == 'functools:partial':  # of whatever
        del of_found['renderer']
    if None is not of_found.get('photos') == of_wanted.get('photos'):
        # the same ones, however the folder is spelled
        found['backgrounds'] = wanted['backgrounds']
    found |= {**of_wanted, **of_found}
    wanted = wanted | of_wanted
    names = (found.keys() | wanted.keys()) - {'made_with'}
    return sorted(n for n in names if found.get(n) != wanted.get(n))


def _made_with(
    backgrounds: str | None, renderer: Callable[[], Renderer]
) -> dict:
    """What decides on the pixels beside the settings."""
    made_with = dict(
        renderer=_name(renderer), scenes=SCENES_VERSION, body=CACHE_VERSION
    )
    if backgrounds is not None:
        # images draw their photo by its number in this list
        photos = hashlib.sha256()
        for path in photo_paths(backgrounds):
            name = path.relative_to(backgrounds).as_posix()
            photos.update(f'{name} {path.stat().st_size}\n'.encode())
        made_with['photos'] = photos.hexdigest()
    return made_with


def _name(renderer: Callable[[], Renderer]) -> str:
    """What a renderer is called."""
    if isinstance(renderer, partial):
        given = [_value(value) for value in renderer.args]
        given += [
            f'{name}={_value(value)}'
            for name, value in sorted(renderer.keywords.items())
        ]
        return f'{_name(renderer.func)}({", ".join(given)})'
    # an object that makes renderers has the name of its class
    named = renderer if hasattr(renderer, '__qualname__') else type(renderer)
    return f'{named.__module__}:{named.__qualname__}'


def _value(value: object) -> str:
    """An argument of a renderer, alike in each process."""
    if callable(value) or type(value).__repr__ is object.__repr__:
        return _name(value)  # others have an address in it
    return repr(value)
