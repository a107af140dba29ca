"""Hands in COCO-style files."""

import json

import numpy as np
import pytest
from support.sources import hand_points, picture

from wholebody_mm.datasets.partial_readers import TwoHandsDataset
from wholebody_mm.datasets.preparation.coco_hands import (
    HAND,
    convert_coco_hands,
    prepare_coco_hands,
)
from wholebody_mm.datasets.preparation.unlabelled_people import mask_people
from wholebody_mm.datasets.transforms.rasters import decode_rle
from wholebody_mm.skeletons import WHOLEBODY135 as UNION

LEFT, RIGHT = UNION.parts['lefthand'], UNION.parts['righthand']
WRISTS = [UNION.index('left_wrist'), UNION.index('right_wrist')]
CATEGORIES = [
    dict(id=0, name='left_hand'),
    dict(id=1, name='right_hand'),
    dict(id=2, name='hand'),
    dict(id=3, name='cup'),
]
SIDES = dict(left=['left_hand'], right=['right_hand'], unknown=['hand'])


def hand(number, x, y, category, image=1, scale=10.0, visible=2, **fields):
    """A hand as an annotation tool exports it: the box is the points'."""
    points = hand_points(x, y, scale)
    rows = np.concatenate([points, np.full((21, 1), visible)], axis=1)
    low, size = points.min(axis=0), np.ptp(points, axis=0)
    return dict(
        id=number,
        image_id=image,
        category_id=category,
        keypoints=rows.reshape(-1).tolist(),
        bbox=[*low.tolist(), *size.tolist()],
    ) | dict(fields)


def write(folder, *annotations, images=1, categories=CATEGORIES, **fields):
    """An annotation file and its images; returns its path."""
    infos = []
    for i in range(1, images + 1):
        picture(folder / f'images/{i}.png', 30 * i)
        infos.append(
            dict(id=i, file_name=f'{i}.png', width=320, height=240) | fields
        )
    file = folder / 'hands.json'
    file.write_text(
        json.dumps(
            dict(images=infos, annotations=annotations, categories=categories)
        )
    )
    return file


def prepare(file, **named):
    folder = file.parent
    return prepare_coco_hands(
        file, folder / 'images', folder / 'train.json', **(named or SIDES)
    )


def records(folder):
    data = TwoHandsDataset(
        ann_file=str(folder / 'train.json'),
        data_prefix=dict(img=str(folder / 'images')),
    )
    return [data.get_data_info(i) for i in range(len(data))]


def ignored(record, part):
    """(240, 320) bool, where a part is not learnt."""
    mask = np.zeros((240, 320), bool)
    for which, shape in record['ignore_regions']:
        if which not in (None, part):
            continue
        if isinstance(shape, dict):
            mask |= decode_rle(shape) > 0
        else:
            x0, y0, x1, y1 = np.clip(shape, 0, 400).astype(int)
            mask[y0:y1, x0:x1] = True
    return mask


def test_hands_get_boxes_of_people(tmp_path):
    file = write(tmp_path, hand(1, 60, 80, 0), hand(2, 100, 80, 1, visible=1))
    counts = prepare(file)
    assert counts == {
        'images': 1,
        'people': 1,
        'left hands': 1,
        'right hands': 1,
        'hands ignored': 0,
    }
    (record,) = records(tmp_path)
    np.testing.assert_allclose(
        record['keypoints'][0, LEFT], hand_points(60, 80, 10)[1:], atol=0.01
    )
    np.testing.assert_allclose(
        record['keypoints'][0, WRISTS], [[60, 80], [100, 80]]
    )
    assert record['keypoints_visible'][0, WRISTS].tolist() == [2, 1]
    x0, y0, x1, y1 = record['bbox'][0]
    # the longer side of a hand is 17 pixels
    assert 140 < y1 - y0 < 170 and 140 < x1 - x0 < 170
    # nobody looked for others, who may be away from the hands
    for part in ('lefthand', 'righthand'):
        away = ignored(record, part)
        assert away[200:, 200:].all()
        assert not away[70:81, 52:109].any()


def test_hands_too_far_apart_are_of_two_people(tmp_path):
    file = write(tmp_path, hand(1, 40, 80, 0), hand(2, 290, 80, 1))
    assert prepare(file)['people'] == 2
    (record,) = records(tmp_path)
    # the other hand of each is somewhere, but not labelled
    assert ignored(record, 'righthand')[80, 40]
    assert not ignored(record, 'righthand')[80, 290]
    assert not ignored(record, 'lefthand')[80, 40]


def test_of_two_couples_the_nearer_hands_are_one_persons(tmp_path):
    file = write(
        tmp_path,
        hand(1, 230, 80, 1),
        hand(2, 60, 80, 1),
        hand(3, 90, 80, 0),
        hand(4, 200, 80, 0),
    )
    assert prepare(file)['people'] == 2
    (record,) = records(tmp_path)
    wrists = record['keypoints'][:, WRISTS, 0].tolist()
    assert sorted(wrists) == [[90, 60], [200, 230]]


def test_a_hand_of_unknown_side_is_ignored_for_everybody(tmp_path):
    # near the left hand, where absence would be taught
    file = write(
        tmp_path, hand(1, 60, 80, 0), hand(2, 78, 80, 2), hand(3, 45, 80, 1)
    )
    assert prepare(file)['hands ignored'] == 1
    found = [dict(image_id=1, score=0.9, segmentation=[[0, 0, 9, 0, 9, 9]])]
    for _ in range(2):
        (record,) = records(tmp_path)
        for part in ('lefthand', 'righthand', 'body'):
            assert ignored(record, part)[75:80, 70:86].all()
            assert not ignored(record, part)[79, 60]
        # and when others have been looked for as well
        train = tmp_path / 'train.json'
        mask_people(train, found, train)
    assert not ignored(record, 'lefthand')[200, 300]


@pytest.mark.parametrize(
    'fields',
    [
        dict(visible=0),
        dict(keypoints=None),
        dict(keypoints=None, bbox=None, segmentation=[
            [70, 70, 86, 70, 86, 81, 70, 81]
        ]),
        dict(iscrowd=1, keypoints=None),
    ],
)  # fmt: skip
def test_a_hand_without_points_is_ignored(tmp_path, fields):
    other = hand(2, 78, 80, 0, **fields)
    file = write(tmp_path, hand(1, 60, 80, 0), other)
    counts = prepare(file)
    assert (counts['people'], counts['hands ignored']) == (1, 1)
    (record,) = records(tmp_path)
    assert ignored(record, 'lefthand')[74:80, 70:86].all()


def test_an_image_listed_for_each_hand_is_one(tmp_path):
    file = write(
        tmp_path,
        hand(1, 60, 80, 0),
        hand(2, 100, 80, 1, image=2),
        images=2,
        file_name='1.png',
    )
    counts = prepare(file)
    assert (counts['images'], counts['people']) == (1, 1)


def test_it_says_what_is_left_out(tmp_path, capsys):
    file = write(
        tmp_path,
        hand(1, 60, 80, 0),
        hand(2, 60, 80, 2, image=2),
        hand(3, 60, 80, 1, image=3),
        dict(id=4, image_id=1, category_id=3, bbox=[1, 1, 9, 9]),
        images=3,
    )
    (tmp_path / 'images/3.png').unlink()
    assert prepare(file)['images'] == 1
    said = capsys.readouterr().err
    assert 'no hands: 1 of category cup' in said
    assert '1 left out, no hand of known side' in said
    assert '1 left out, image not in' in said


@pytest.mark.parametrize(
    ('named', 'message'),
    [
        (dict(left=['Left']), 'no category Left.*left_hand, right_hand, hand'),
        (dict(unknown=['hand']), '--left and --right.*left_hand, right_hand'),
        (dict(left=['hand'], right=['hand']), 'hand is given as --left and'),
        (dict(right=['cup']), 'no hand of the categories cup.*1 of category'),
    ],
)
def test_categories_that_do_not_fit(tmp_path, named, message):
    file = write(tmp_path, hand(1, 60, 80, 0))
    with pytest.raises(ValueError, match=message):
        prepare(file, **named)


def test_hands_that_are_none(tmp_path):
    file = write(tmp_path, hand(7, 60, 80, 0, keypoints=[1, 2, 2] * 17))
    with pytest.raises(ValueError, match='hands.json: annotation 7.*51'):
        prepare(file)
    file = write(tmp_path, hand(7, 60, 80, 0, visible=0))
    with pytest.raises(ValueError, match='nothing to write.*no hand'):
        prepare(file)
    file.write_text('[]')
    with pytest.raises(ValueError, match='no COCO annotation file'):
        prepare(file)
    file.unlink()
    with pytest.raises(FileNotFoundError, match='hands.json.*docs/data.md'):
        prepare(file)


def test_images_that_are_others(tmp_path):
    file = write(tmp_path, hand(1, 60, 80, 0), width=640, height=480)
    with pytest.raises(ValueError, match='1.png is 640 x 480.*320 x 240'):
        prepare(file)
    with pytest.raises(FileNotFoundError, match='no folder.*--images'):
        prepare_coco_hands(
            file, tmp_path / 'other', tmp_path / 'out.json', **SIDES
        )
    with pytest.raises(ValueError, match='--out'):
        prepare_coco_hands(file, tmp_path / 'images', file, **SIDES)


def test_points_in_another_order_are_refused(tmp_path):
    names = [
        name.removeprefix('right_')
        for name in ('right_wrist', *UNION.keypoint_names[RIGHT])
    ]
    for listed, wrong in ((names, False), (names[::-1], True)):
        categories = [CATEGORIES[0] | dict(keypoints=listed)]
        file = write(tmp_path, hand(1, 60, 80, 0), categories=categories)
        if not wrong:
            assert prepare(file, left=['left_hand'])['left hands'] == 1
            continue
        with pytest.raises(ValueError, match='pinky_finger4.*sort those'):
            prepare(file, left=['left_hand'])


def test_mmposes_panoptic_hands(real_data, tmp_path):
    folder = real_data / 'mini/panoptic_hand'
    counts = convert_coco_hands(
        folder / 'test_panoptic.json', folder, tmp_path / 'out'
    )
    # four hands of two people
    assert counts == dict(train=dict(images=2, people=2))
    data = TwoHandsDataset(
        ann_file=str(tmp_path / 'out/train.json'),
        data_prefix=dict(img=str(folder)),
    )
    for i in range(2):
        visible = data.get_data_info(i)['keypoints_visible'][0]
        assert (visible[LEFT] > 0).all() and (visible[RIGHT] > 0).all()


def test_names_of_images_say_the_side(tmp_path):
    """MMPose's file of hand_labels."""
    folder = tmp_path / 'images'
    for name in ('a_l', 'a_r'):
        picture(folder / f'{name}.jpg')
    images = [
        dict(id=1, file_name='a_l.jpg'),
        dict(id=2, file_name='a_r.jpg'),
    ]
    file = tmp_path / 'hands.json'
    hands = [hand(1, 60, 80, 0), hand(2, 100, 80, 0, image=2)]
    file.write_text(json.dumps(dict(images=images, annotations=hands)))
    counts = convert_coco_hands(file, folder, tmp_path / 'out')
    assert counts == dict(train=dict(images=1, people=1))
    images[0]['file_name'] = images[1]['file_name'] = 'a.jpg'
    file.write_text(json.dumps(dict(images=images, annotations=hands)))
    with pytest.raises(ValueError, match='prepare_hands.py'):
        convert_coco_hands(file, folder, tmp_path / 'out')
    images[0]['file_name'] = 'a_l.jpg'
    for content, message in (
        ('{"images": [], "annotations": []}', 'has no images'),
        ('[]', 'no COCO annotation file'),
        (json.dumps(dict(images=images)), 'no COCO annotation file'),
        (
            json.dumps(
                dict(images=images, annotations=[hands[0] | dict(image_id=9)])
            ),
            'annotation 1 is of image 9',
        ),
    ):
        file.write_text(content)
        with pytest.raises(ValueError, match=f'hands.json.*{message}'):
            convert_coco_hands(file, folder, tmp_path / 'out')


def test_mmposes_file_for_training_has_hands_of_the_dome(tmp_path, capfd):
    """Which do not say their side; names begin with folders."""
    folder = tmp_path / 'panoptic'
    names = [
        'hand143_panopticdb/imgs/0.jpg',
        'hand_labels/manual_train/a_l.jpg',
        'hand_labels/manual_train/a_r.jpg',
    ]
    for name in names:
        picture(folder / name)
    images = [dict(id=i, file_name=name) for i, name in enumerate(names)]
    hands = [hand(i + 1, 60, 80, 0, image=i) for i in range(3)]
    file = tmp_path / 'hands.json'
    file.write_text(json.dumps(dict(images=images, annotations=hands)))
    for root in (folder, folder / 'hand_labels/manual_train'):
        counts = convert_coco_hands(file, root, tmp_path / root.name)
        assert counts == dict(train=dict(images=1, people=1))
        said = capfd.readouterr().err
        assert '1 hands left out' in said and names[0] in said


def test_corrected_points_are_read_anew(tmp_path):
    """Of images before the one that stopped it, too."""
    wrong = hand(7, 60, 80, 0, image=2, keypoints=[1, 2, 2] * 17)
    file = write(tmp_path, hand(1, 60, 80, 0), wrong, images=2)
    with pytest.raises(ValueError, match='annotation 7.*51'):
        prepare(file)
    assert (tmp_path / 'train.json.part').is_file()
    content = json.loads(file.read_text())
    content['annotations'] = [
        hand(1, 75, 80, 0),
        hand(7, 60, 80, 0, image=2),
    ]
    file.write_text(json.dumps(content))
    assert prepare(file)['images'] == 2
    wrists = [r['keypoints'][0, WRISTS[0], 0] for r in records(tmp_path)]
    assert wrists == [75, 60]


def test_mmposes_file_is_not_written_over(tmp_path):
    picture(tmp_path / 'a_l.jpg')
    file = tmp_path / 'train.json'
    images = [dict(id=1, file_name='a_l.jpg')]
    file.write_text(
        json.dumps(dict(images=images, annotations=[hand(1, 60, 80, 0)]))
    )
    with pytest.raises(ValueError, match='train.json is read.*--out'):
        convert_coco_hands(file, tmp_path, tmp_path)


def test_what_is_marked_is_told_from_other_marks(tmp_path):
    file = write(tmp_path, hand(1, 60, 80, 0), hand(2, 78, 80, 2))
    prepare(file)
    content = json.loads((tmp_path / 'train.json').read_text())
    made = [a.get('made_by') for a in content['annotations']]
    assert made == [None, HAND, 'outside']
