"""The bounds that docs/codec.md promises, and the tool that prints them."""

import json
import os
import shutil
import subprocess
import sys

import cv2
import numpy as np
import pytest

from wholebody_mm.benchmarks.codec_bound import (
    Codec,
    bound_of_annotations,
    bound_of_crowds,
)
from wholebody_mm.datasets.drawn_people import write_split
from wholebody_mm.datasets.wholebody_format import annotated_people
from wholebody_mm.skeletons import COCO_WHOLEBODY133


@pytest.fixture(scope='module')
def split(tmp_path_factory):
    """A small annotated data set: its annotation file and its images."""
    folder = tmp_path_factory.mktemp('drawn')
    ann_file = folder / 'ann.json'
    write_split(folder / 'images', ann_file, 3, seed=0, size=(320, 240))
    return ann_file, folder / 'images'


@pytest.mark.parametrize('strides', [(4, None), (8, None), (8, 4)])
def test_annotations_come_back(split, strides):
    codec = Codec(strides[0], heatmap_stride=strides[1])
    bound = bound_of_annotations(*split, 480, codec)
    for part in ('body', 'face', 'lefthand', 'righthand', 'wholebody'):
        assert bound[f'{part}/AP'] > 0.95, part


def test_crowds_come_back_and_fields_do_the_grouping():
    crowds = (8, (5, 20), (848, 480), 0)
    clean = bound_of_crowds(*crowds, Codec())
    assert clean['wholebody/AP'] > 0.95
    noisy = bound_of_crowds(*crowds, Codec(noise=0.02, blur=0.6))
    assert 0.75 < noisy['wholebody/AP'] < clean['wholebody/AP']
    without = bound_of_crowds(*crowds, Codec(zero_fields=True))
    assert without['wholebody/AP'] < clean['wholebody/AP'] - 0.3


@pytest.mark.parametrize('height', [192, 368, 480, 960])
def test_real_annotations_come_back(real_data, height):
    coco = real_data / 'mini' / 'coco'
    bound = bound_of_annotations(
        coco / 'test_coco_wholebody.json', coco, height, Codec()
    )
    least = 0.97 if height < 368 else 0.99
    for part in ('body', 'face', 'lefthand', 'righthand', 'wholebody'):
        assert bound[f'{part}/AP'] >= least, part
    assert bound['foot/AP'] >= (0.97 if height < 368 else 0.95)


def test_other_images_than_annotated_are_named(split, tmp_path):
    ann_file, images = split
    name = '000000000001.jpg'
    with pytest.raises(FileNotFoundError, match='one of '):
        bound_of_annotations(ann_file, tmp_path, 480, Codec())
    shutil.copytree(images, tmp_path, dirs_exist_ok=True)
    (tmp_path / name).write_text('no image')
    with pytest.raises(ValueError, match=f'{name} .*is no image'):
        bound_of_annotations(ann_file, tmp_path, 480, Codec())
    cv2.imwrite(str(tmp_path / name), np.zeros((30, 40, 3), np.uint8))
    with pytest.raises(ValueError, match='40 x 30 pixels'):
        bound_of_annotations(ann_file, tmp_path, 480, Codec())


def test_sizes_are_those_of_the_images(split, tmp_path):
    content = json.loads(split[0].read_text())
    for image in content['images']:
        del image['height'], image['width']
    path = tmp_path / 'sizes.json'
    path.write_text(json.dumps(content))
    known = bound_of_annotations(*split, 240, Codec())
    assert bound_of_annotations(path, split[1], 240, Codec()) == known
    with pytest.raises(ValueError, match='sizes.json has no size of 0000'):
        bound_of_annotations(path, None, 240, Codec())


def test_wrong_number_of_keypoints_is_named():
    with pytest.raises(ValueError, match='annotation 7: face_kpts has 3'):
        annotated_people([dict(id=7, face_kpts=[1, 2, 2])])


def test_the_tool_prints_and_writes_what_it_measured(root, split, tmp_path):
    ann_file, images = split
    out = tmp_path / 'out' / 'bound.json'

    def run(*arguments):
        return subprocess.run(
            [sys.executable, str(root / 'tools' / 'codec_bound.py')]
            + [str(a) for a in arguments],
            env={
                **os.environ,
                'PYTHONPATH': str(root),
                # what other packages deprecate is none of its output
                'PYTHONWARNINGS': 'ignore',
            },
            capture_output=True,
            text=True,
        )

    done = run('--ann', ann_file, '--img-dir', images, '--height', 240,
               '--json', out)  # fmt: skip
    assert done.returncode == 0, done.stderr
    metrics = json.loads(out.read_text())
    assert metrics['height'] == 240
    assert metrics['stride'] == metrics['heatmap_stride'] == 8
    shown = f'{100 * metrics["wholebody/AP"]:.1f}'
    assert done.stdout.split('\n')[1].split()[-1] == shown
    assert not done.stderr
    done = run('--crowds', 1, '--people', 2, 2, '--size', '320x240',
               '--heatmap-stride', 4, '--json', out)  # fmt: skip
    metrics = json.loads(out.read_text())
    assert (metrics['stride'], metrics['heatmap_stride']) == (8, 4)
    wrong = run('--crowds', 1, '--heatmap-stride', 3)
    assert wrong.returncode and 'heatmap_stride=3' in wrong.stderr
    missing = run('--ann', tmp_path / 'no.json', '--img-dir', images)
    assert missing.returncode and 'no.json' in missing.stderr
    assert 'Traceback' not in missing.stderr
    both = run('--ann', ann_file, '--img-dir', images, '--crowds', 2)
    assert both.returncode and 'either' in both.stderr


def test_a_codec_that_finds_nobody_has_zeros(split):
    """As of a network that finds nobody; nothing would be "not labelled"."""
    nothing = Codec(decoder=dict(peak_threshold=2))
    bound = bound_of_annotations(split[0], None, 480, nothing)
    assert bound['body/AP'] == bound['wholebody/AR'] == 0
    crowds = bound_of_crowds(1, (3, 3), (320, 240), 0, nothing)
    assert crowds['body/AP'] == 0


def test_keypoints_in_another_order(split, tmp_path):
    content = json.loads(split[0].read_text())
    names = COCO_WHOLEBODY133.keypoint_names[:17][::-1]
    content['categories'][0]['keypoints'] = names
    path = tmp_path / 'order.json'
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match='lists the keypoints'):
        bound_of_annotations(path, None, 480, Codec())
