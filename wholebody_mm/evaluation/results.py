"""People as COCO-WholeBody result dictionaries."""

from __future__ import annotations

from typing import Any

import numpy as np

from wholebody_mm.codecs.boxes import boxes_of_people
from wholebody_mm.datasets.wholebody_format import AREA_OF_BOX, PART_KEYS
from wholebody_mm.skeletons import COCO_WHOLEBODY133

# By how much found keypoints are usually off in x and in y, of the image's
# size (the root of its area). Twice or half as much ranks nearly the same.
LOCATION_ERROR = 1 / 256


def people_to_results(
    image_id: int,
    keypoints: np.ndarray,
    scores: np.ndarray,
    person_scores: np.ndarray | None = None,
    category_id: int = 1,
    *,
    image_size: tuple[int, int] | None = None,
) -> list[dict]:
    """The people of one image in COCO-WholeBody's result format.

    A point with score 0 (or without a finite position) is written as absent.
    Each part has a score of its own, by which its AP is ranked: the mean
    over the points of the part, absent ones counting 0, which is what its
    OKS can be expected to be. Without it a well found person with a guessed
    hand ranks that hand above all others.

    With ``image_size`` bodies and whole bodies are ranked in the same way,
    and that points are never found exactly counts as well: each point's
    score is multiplied by the similarity that it has where it is off by
    :data:`LOCATION_ERROR`, which is little for the eyes of people who are far
    away. Networks that see an image at once are as exact everywhere in it.

    Args:
        image_id: Id of the image in the annotation file.
        keypoints: (N, 133, 2) pixels of the image, COCO-WholeBody's order.
        scores: (N, 133), 0 or less is absent.
        person_scores: (N,) ranks bodies and whole bodies; by default the
            mean of the found points' scores. Not together with
            ``image_size``.
        category_id: Category of a person where other programs evaluate the
            results. Here people are category 1 (:func:`.load_coco`) whatever
            the annotation file calls them.
        image_size: Width and height in pixels, to rank by the expected OKS.

    Returns:
        N dictionaries, ready for JSON.

    Raises:
        ValueError: If the shapes do not fit, or both kinds of ranks are
            asked for.
    """
    if image_size is not None and person_scores is not None:
        raise ValueError(
            'image_size ranks people by their expected OKS, person_scores by '
            'these: give one of the two'
        )
    k = COCO_WHOLEBODY133.num_keypoints
    keypoints = np.asarray(keypoints, np.float64)
    n = len(keypoints)
    keypoints = keypoints.reshape(n, *keypoints.shape[1:] or (k, 2))
    scores = np.asarray(scores, np.float64).reshape(n, -1 if n else k)
    if keypoints.shape != (n, k, 2) or scores.shape != (n, k):
        raise ValueError(
            f'results of image {image_id} need (N, {k}, 2) keypoints and '
            f'(N, {k}) scores, not {keypoints.shape} and {scores.shape}'
        )
    found = np.isfinite(keypoints).all(axis=-1) & (scores > 0)
    scores = np.where(found, scores, 0.0)
    keypoints = np.where(found[..., None], keypoints, 0.0)
    if person_scores is None:
        count = np.maximum(found.sum(axis=1), 1)
        person_scores = scores.sum(axis=1) / count
    person_scores = np.asarray(person_scores, np.float64).reshape(-1)
    if len(person_scores) != n:
        raise ValueError(
            f'results of image {image_id}: {len(person_scores)} scores of '
            f'{n} people'
        )
    person_scores = np.nan_to_num(person_scores)
    worth = scores
    if image_size is not None:
        worth = scores * _similarities(keypoints, found, image_size)
        person_scores = worth[:, COCO_WHOLEBODY133.parts['body']].mean(axis=1)
    triplets = np.concatenate([keypoints, scores[..., None]], axis=-1)
    results = []
    for i in range(n):
        result = dict(
            image_id=int(image_id),
            category_id=int(category_id),
            score=float(person_scores[i]),
            wholebody_score=float(
                person_scores[i] if image_size is None else worth[i].mean()
            ),
        )
        for part, where in COCO_WHOLEBODY133.parts.items():
            result[PART_KEYS[part]] = triplets[i, where].reshape(-1).tolist()
            if part != 'body':
                result[f'{part}_score'] = float(worth[i, where].mean())
        results.append(result)
    return results


def _similarities(
    keypoints: np.ndarray, found: np.ndarray, image_size: tuple[int, int]
) -> np.ndarray:
    """The OKS similarity that can be expected of points that were found.

    It is exp(-d^2 / (2 A k^2)), with k twice a keypoint's sigma and A the
    person's area; its mean over normally distributed d of standard deviation
    e in x and y is 1 / (1 + e^2 / (A k^2)).

    Args:
        keypoints: (N, 133, 2) pixels.
        found: (N, 133) bool.
        image_size: Width and height in pixels.

    Returns:
        (N, 133), 0 to 1.
    """
    width, height = image_size
    boxes = boxes_of_people(keypoints, found).astype(np.float64)
    # one point, or none, has no size: that of a pixel
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 1)
    area = sides.prod(axis=1) * AREA_OF_BOX
    k = 2 * np.array(COCO_WHOLEBODY133.oks_sigmas)
    error2 = LOCATION_ERROR**2 * width * height
    return 1 / (1 + error2 / (area[:, None] * k**2))


def as_numpy(values: Any) -> np.ndarray:
    """NumPy array of an array or of a tensor on any device."""
    if hasattr(values, 'detach'):
        values = values.detach().cpu().numpy()
    return np.asarray(values)
