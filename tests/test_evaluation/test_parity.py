"""Our values are those of the data set authors' evaluation.

Their protocol: one result file, xtcocotools' COCOeval once for each part with
the part's sigmas. The oracle below reads files only and takes the sigmas from
MMPose's copy of COCO-WholeBody's table.
"""

import contextlib
import io
import json
import warnings

import numpy as np
import pytest
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from support.annotations import SIZE, crowd, person, write
from support.drawn import truth

import wholebody_mm.evaluation.metric  # noqa: F401
from wholebody_mm.evaluation.metric import WholeBodyPartMetric
from wholebody_mm.skeletons import COCO_WHOLEBODY133

# The authors' order and slices of the 133 sigmas.
SLICES = dict(
    body=slice(0, 17),
    foot=slice(17, 23),
    face=slice(23, 91),
    lefthand=slice(91, 112),
    righthand=slice(112, 133),
    wholebody=slice(0, 133),
)
STATS = dict(AP=0, AP50=1, AP75=2, AR=5)


def authors_values(annotations, results):
    """{part}/{value} of a result file by xtcocotools alone."""
    from xtcocotools.coco import COCO
    from xtcocotools.cocoeval import COCOeval

    table = dict(from_file='configs/_base_/datasets/coco_wholebody.py')
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # found beside MMPose, it says
        sigmas = parse_pose_metainfo(table)['sigmas']
    values = {}
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(annotations))
        found = truth.loadRes(str(results))
        for part, where in SLICES.items():
            evaluation = COCOeval(
                truth, found, f'keypoints_{part}', sigmas[where], use_area=True
            )
            evaluation.evaluate()
            evaluation.accumulate()
            evaluation.summarize()
            for value, place in STATS.items():
                values[f'{part}/{value}'] = evaluation.stats[place]
    for value in STATS:
        hands = values[f'lefthand/{value}'], values[f'righthand/{value}']
        values[f'hands/{value}'] = np.mean(hands)
    return values


def scene(rng, folder, images=12):
    """Images with nobody, with a crowd, with parts that are not labelled."""
    width, height = SIZE
    annotations = []

    def add(annotation):
        annotation.update(id=len(annotations) + 1)
        annotations.append(annotation)

    for image in range(1, images + 1):
        kind = image % 4
        if kind == 0:
            continue  # nobody
        for _ in range(int(rng.integers(1, 4))):
            low = rng.uniform([0, 0], [width - 80, height - 90])
            points = low + rng.uniform(0, 1, (133, 2)) * [40, 80]
            visible = rng.integers(0, 3, 133)
            invalid = ('face',) if rng.uniform() < 0.3 else ()
            box = [*low, 40.0, 80.0]
            add(
                person(
                    points, visible, invalid, image_id=image,
                    area=float(rng.uniform(1000, 3200)),
                    bbox=[float(v) for v in box],
                )
            )  # fmt: skip
        if kind == 1:
            mask = np.zeros((height, width), bool)
            mask[40:150, 60:190] = True
            add(crowd(mask, image_id=image))
        if kind == 2:  # a person of whom nothing is labelled
            add(person(visible=0, image_id=image))
    return write(folder, annotations, images)


def predictions(rng, path, images=12):
    """Noisy truth, people too many, and images without detections."""
    found = {image: [] for image in range(1, images + 1)}
    for image, points, visible in truth(path):
        if image % 5 == 0:
            continue
        noise = rng.choice([0.1, 0.3, 1.0])
        moved = points + rng.normal(0, noise, points.shape)
        scores = rng.uniform(0.05, 1, visible.shape)
        scores[rng.uniform(size=scores.shape) < 0.1] = 0
        found[image].append((moved, scores))
    width, height = SIZE
    for image in (1, 4, 6, 12):  # false: beside, in a crowd, on nobody
        for _ in range(25 if image == 6 else 2):  # more than the 20 counted
            points = rng.uniform(0, 1, (133, 2)) * [width, height]
            found[image].append((points, rng.uniform(0.05, 0.5, 133)))
    return found


def evaluate(path, found, folder, monkeypatch):
    """Our metric's values, and the result file that it wrote."""
    prefix = folder / 'results'
    metric = WholeBodyPartMetric(
        str(path), skeleton=COCO_WHOLEBODY133, outfile_prefix=str(prefix)
    )
    # the 133 points as they are, hand roots included
    monkeypatch.setattr(metric, 'to_wholebody', lambda k, s: (k, s))
    for image, people in found.items():
        keypoints = np.array([k for k, _ in people]).reshape(-1, 133, 2)
        scores = np.array([s for _, s in people]).reshape(-1, 133)
        sample = dict(
            img_id=image,
            pred_instances=dict(
                keypoints=keypoints,
                keypoint_scores=scores,
                bbox_scores=scores.mean(axis=1),
            ),
        )
        metric.process({}, [sample])
    values = metric.compute_metrics(metric.results)
    return values, folder / 'results.keypoints.json'


@pytest.mark.parametrize('seed', [0, 1, 2])
def test_every_part_equals_the_authors_evaluation(seed, tmp_path, monkeypatch):
    rng = np.random.default_rng(seed)
    path = scene(rng, tmp_path)
    found = predictions(rng, path)
    assert not found[8]  # an image without people and without detections
    assert not found[5]  # one with people and without detections
    content = json.loads(path.read_text())
    assert any(a['iscrowd'] for a in content['annotations'])
    ours, results = evaluate(path, found, tmp_path, monkeypatch)
    theirs = authors_values(path, results)
    assert set(ours) == set(theirs)
    for key, value in theirs.items():
        assert ours[key] == pytest.approx(value, abs=1e-6), key
    # a case that tells something
    assert all(0.02 < ours[f'{part}/AP'] < 0.98 for part in SLICES)


def test_real_annotations_equal_the_authors_evaluation(
    real_data, tmp_path, monkeypatch
):
    path = real_data / 'mini' / 'coco' / 'test_coco_wholebody.json'
    rng = np.random.default_rng(3)
    found = {
        image['id']: [] for image in json.loads(path.read_text())['images']
    }
    for image, points, visible in truth(path):
        moved = points + rng.normal(0, rng.choice([1, 4.0]), points.shape)
        scores = np.where(visible > 0, rng.uniform(0.1, 1, visible.shape), 0)
        found[image].append((moved, scores))
    ours, results = evaluate(path, found, tmp_path, monkeypatch)
    theirs = authors_values(path, results)
    for key, value in theirs.items():
        assert ours[key] == pytest.approx(value, abs=1e-6), key
