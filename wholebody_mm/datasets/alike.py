"""Several processes must see the same data."""

from __future__ import annotations

from collections.abc import Mapping

from mmengine.dist import all_gather_object, get_rank


def check_alike(images: Mapping[str, int], use: str) -> None:
    """Refuse processes that see other data: they would wait forever.

    Every process of a run calls it.

    Args:
        images: How many there are, by the names of their data sets.
        use: What they are for.

    Raises:
        ValueError: If another process has other data sets or more or fewer
            images.
    """
    own = dict(images)
    for rank, other in enumerate(all_gather_object(own)):
        told = ', '.join(
            f'{name}: {own.get(name, "no")} images in process {get_rank()}, '
            f'{other.get(name, "none")} in {rank}'
            for name in sorted(own.keys() | other.keys())
            if own.get(name) != other.get(name)
        )
        if told:
            raise ValueError(
                f'the processes do not have the same data for {use} ({told}); '
                f'copy the data to every machine'
            )
