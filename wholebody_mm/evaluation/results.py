"""People as COCO-WholeBody result dictionaries."""

from __future__ import annotations

import numpy as np

from wholebody_mm.datasets.wholebody_format import PART_KEYS
from wholebody_mm.skeletons import COCO_WHOLEBODY133


def people_to_results(
    image_id: int,
    keypoints: np.ndarray,
    scores: np.ndarray,
    person_scores: np.ndarray | None = None,
    category_id: int = 1,
) -> list[dict]:
    """The people of one image in COCO-WholeBody's result format.

    A point with score 0 (or without a finite position) is written as absent.
    Each part has a score of its own, by which its AP is ranked: the mean
    over the points of the part, absent ones counting 0, which is what its
    OKS can be expected to be. Without it a well found person with a guessed
    hand ranks that hand above all others.

    Args:
        image_id: Id of the image in the annotation file.
        keypoints: (N, 133, 2) pixels of the image, COCO-WholeBody's order.
        scores: (N, 133), 0 or less is absent.
        person_scores: (N,) ranks bodies and whole bodies; by default the
            mean of the found points' scores.
        category_id: Category of a person in the annotation file.

    Returns:
        N dictionaries, ready for JSON.

    Raises:
        ValueError: If the shapes do not fit.
    """
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
    triplets = np.concatenate([keypoints, scores[..., None]], axis=-1)
    results = []
    for i in range(n):
        result = dict(
            image_id=int(image_id),
            category_id=int(category_id),
            score=float(person_scores[i]),
            wholebody_score=float(person_scores[i]),
        )
        for part, where in COCO_WHOLEBODY133.parts.items():
            result[PART_KEYS[part]] = triplets[i, where].reshape(-1).tolist()
            if part != 'body':
                result[f'{part}_score'] = float(scores[i, where].mean())
        results.append(result)
    return results
