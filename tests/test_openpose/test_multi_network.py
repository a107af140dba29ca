"""A network for each part, put together to whole bodies."""

import copy
import itertools

import wholebody_mm.register  # noqa: F401

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from support.drawn import truth, write_drawn
from torch import nn

from wholebody_mm.codecs import MapEncoder
from wholebody_mm.codecs.crop_codec import CropCodec
from wholebody_mm.openpose.multi_network import cut
from wholebody_mm.openpose.predictor import MultiNetworkPredictor
from wholebody_mm.skeletons import (
    BODY25,
    COCO_WHOLEBODY133,
    FACE70,
    HAND21,
    WHOLEBODY135,
    get_map,
)

STAGE = dict(blocks=1, width=4, hidden=4)
SCALE = 3.0
SIZE = 160, 192  # width, height of the body network's input


@pytest.fixture(scope='module')
def config(request):
    root = request.config.rootpath
    return Config.fromfile(root / 'configs/openpose/multi_network.py')


def shrunk(config):
    """The config's model, narrow."""
    model = copy.deepcopy(config.model)
    model.body.backbone.update(width=0.05, reduction=(4,))
    model.body.head.update(
        in_channels=4, paf_stages=[STAGE], confidence_map_stages=[STAGE]
    )
    for part in (model.face, model.hand):
        part.backbone = dict(type='VGG19PoseMachine', out_channels=4)
        part.head.update(in_channels=4, stages=2, first_width=4, width=4)
    return model


@pytest.fixture
def estimator(config):
    init_default_scope('mmpose')
    return MODELS.build(shrunk(config)).eval()


class Spots(nn.Module):
    """Finds keypoint k at the bright spot of colour channel k % 3."""

    def __init__(self, skeleton):
        super().__init__()
        self.head = lambda feats: feats[:, self.channels]
        self.head.skeleton = skeleton
        self.head.decoder = CropCodec(skeleton, 8, (368, 368))
        self.channels = [k % 3 for k in range(skeleton.num_keypoints)]

    def extract_feat(self, crops):
        return F.avg_pool2d(crops + 0.5, 8)


def person():
    """Body keypoints in the body network's input, whose face is 60 wide."""
    points = dict(
        nose=(80, 40), neck=(80, 70), left_eye=(90, 34), right_eye=(70, 34),
        left_ear=(108, 36), right_ear=(52, 36),
        left_shoulder=(110, 72), left_elbow=(120, 100), left_wrist=(120, 130),
        right_shoulder=(50, 72), right_elbow=(40, 100), right_wrist=(40, 130),
        mid_hip=(80, 130), left_hip=(92, 130), right_hip=(68, 130),
    )  # fmt: skip
    keypoints = np.zeros((1, 25, 2), np.float32)
    visible = np.zeros((1, 25), np.float32)
    for name, point in points.items():
        keypoints[0, BODY25.index(name)] = point
        visible[0, BODY25.index(name)] = 1
    return keypoints, visible


def picture(spots):
    """A black image at the crops' scale with a spot in each channel."""
    height, width = round(SIZE[1] * SCALE), round(SIZE[0] * SCALE)
    y, x = np.mgrid[:height, :width]
    image = np.zeros((3, height, width), np.float32)
    for channel, (cx, cy) in spots:
        distance = (x - cx) ** 2 + (y - cy) ** 2
        image[channel] += np.exp(-distance / (2 * 6.0**2))
    return torch.from_numpy(image - 0.5)[None]


def sample(matrix):
    out = PoseDataSample()
    out.set_metainfo(dict(warp_mat=matrix, test_scales=(SCALE,)))
    return out


def test_parts_are_found_in_their_crops_and_put_back(estimator, monkeypatch):
    keypoints, visible = person()
    maps = MapEncoder('body25', 8).encode(keypoints, visible, SIZE)
    maps = tuple(torch.from_numpy(m)[None] for m in maps)
    seen = []

    def predict_maps(inputs):
        seen.append(tuple(inputs.shape[-2:]))
        return maps

    monkeypatch.setattr(estimator.body, 'predict_maps', predict_maps)
    estimator.face, estimator.hand = Spots(FACE70), Spots(HAND21)
    # in the large image: on the face, and on each hand
    face = [(210, 110), (262, 140), (240, 190)]
    left = [(350, 420), (372, 404), (342, 445)]
    right = [(128, 420), (105, 404), (135, 445)]
    spots = [p for place in (face, left, right) for p in enumerate(place)]
    # original images are half as large
    matrix = np.float32([[2, 0, 0.5], [0, 2, 0.5]])
    (found,) = estimator.predict(picture(spots), [sample(matrix)])
    assert seen == [SIZE[::-1]]
    people = found.pred_instances
    assert people.keypoints.shape == (1, 135, 2)

    def to_original(points):
        return (np.asarray(points) - 0.5) / 2

    large = (keypoints[0, BODY25.index('nose')] + 0.5) * SCALE - 0.5
    np.testing.assert_allclose(
        people.keypoints[0, 0], to_original(large), atol=0.2
    )
    for part, places, skip in (
        ('face', face, 0),
        ('lefthand', left, 1),
        ('righthand', right, 1),
    ):
        where = WHOLEBODY135.parts[part]
        expected = [
            places[(k + skip) % 3] for k in range(where.stop - where.start)
        ]
        np.testing.assert_allclose(
            people.keypoints[0, where], to_original(expected), atol=0.7
        )
        assert (people.keypoint_scores[0, where] > 0.5).all()
    # wrists stay the body's
    wrist = (keypoints[0, BODY25.index('left_wrist')] + 0.5) * SCALE - 0.5
    np.testing.assert_allclose(
        people.keypoints[0, WHOLEBODY135.index('left_wrist')],
        to_original(wrist),
        atol=0.2,
    )


def test_left_hands_are_shown_mirrored(estimator):
    """A right hand's network sees thumbs on the same side of both."""
    seen = {}

    class Watch(Spots):
        def extract_feat(self, crops):
            seen.setdefault('crops', []).append(crops)
            return super().extract_feat(crops)

    estimator.hand = Watch(HAND21)
    image = picture([(0, (250, 300))])[0]
    boxes = np.array([[240.0, 300.0, 100.0]])
    for side in ('left', 'right'):
        points, _ = estimator.look_at_hands(image, boxes, side)
        np.testing.assert_allclose(points[0, 0], [250, 300], atol=0.3)
    left, right = seen['crops']
    torch.testing.assert_close(left, right.flip(-1))


def test_the_best_size_of_box_is_taken(estimator):
    class Sizes(Spots):
        """Likes boxes that are filled."""

        def extract_feat(self, crops):
            return F.avg_pool2d(crops + 0.5, 8) * (crops + 0.5).mean()

    estimator.hand = Sizes(HAND21)
    image = picture([(c, (240, 300)) for c in range(3)])[0]
    boxes = np.array([[240.0, 300.0, 160.0]])
    single = estimator.look_at_hands(image, boxes, 'right')[1].mean()
    estimator.hand_scales = (1.0, 0.5)
    assert estimator.look_at_hands(image, boxes, 'right')[1].mean() > single


def test_nobody_and_nothing_to_go_by(estimator, monkeypatch):
    maps = MapEncoder('body25', 8).encode(np.zeros((0, 25, 2)), None, SIZE)
    maps = tuple(torch.from_numpy(m)[None] for m in maps)
    monkeypatch.setattr(estimator.body, 'predict_maps', lambda _: maps)
    (found,) = estimator.predict(
        picture([]), [sample(np.float32([[1, 0, 0], [0, 1, 0]]))]
    )
    assert found.pred_instances.keypoints.shape == (0, 135, 2)
    points, scores = estimator.look(
        estimator.face, picture([])[0], np.zeros((2, 3))
    )
    assert points.shape == (2, 70, 2)
    assert (scores == 0).all()


def test_a_crop_keeps_its_pixels():
    image = torch.arange(3 * 20 * 30, dtype=torch.float32).view(3, 20, 30)
    # a box whose edges are pixel edges, at its own resolution
    crops = cut(image, np.array([[9.5, 8.5, 6.0]]), (6, 6))
    torch.testing.assert_close(crops[0], image[:, 6:12, 7:13])
    outside = cut(image, np.array([[-20.0, -20.0, 6.0]]), (6, 6), -0.5)
    assert (outside == -0.5).all()


def test_networks_that_do_not_fit(config):
    init_default_scope('mmpose')
    model = shrunk(config)
    model.face.data_preprocessor.mean = [0.0] * 3
    with pytest.raises(ValueError, match='face network wants images'):
        MODELS.build(model)
    model = shrunk(config)
    model.face = copy.deepcopy(model.hand)
    with pytest.raises(ValueError, match='hand21.*not of.*face70'):
        MODELS.build(model)
    model = shrunk(config)
    model.test_cfg.scales = (0.5,)
    with pytest.raises(ValueError, match='the largest scale is 1 or more'):
        MODELS.build(model)


def test_it_is_not_trained(estimator):
    with pytest.raises(ValueError, match='by their own configs'):
        estimator(picture([]), [None], mode='loss')


def sees_drawn(annotations, scale):
    """A body network's maps of the drawn images, one after the other."""
    people = truth(annotations)
    images = iter(sorted({image for image, *_ in people}))
    to_body = get_map(COCO_WHOLEBODY133, BODY25)

    def predict_maps(inputs):
        (image,) = itertools.islice(images, len(inputs))
        ours = [(p, v) for i, p, v in people if i == image]
        points, visible = (np.stack(each) for each in zip(*ours, strict=True))
        maps = MapEncoder('body25', 8).encode(
            *to_body((points + 0.5) * scale - 0.5, visible),
            tuple(inputs.shape[:-3:-1]),
        )
        return tuple(torch.from_numpy(m)[None] for m in maps)

    return predict_maps


def test_the_test_tool_runs_it(config, tmp_path):
    """The config's own pipeline and metric, on exact maps of drawn bodies."""
    annotations = write_drawn(tmp_path / 'data', 2, size=(160, 128))
    cfg = copy.deepcopy(config)
    cfg.model = shrunk(config)
    cfg.work_dir = str(tmp_path / 'work')
    cfg.default_scope = 'mmpose'
    cfg.test_dataloader.update(num_workers=0, persistent_workers=False)
    cfg.test_dataloader.dataset.update(
        data_root='',
        ann_file=str(annotations),
        data_prefix=dict(img=str(tmp_path / 'data' / 'img')),
    )
    cfg.test_evaluator.ann_file = str(annotations)
    for key in ('train', 'val'):
        cfg[f'{key}_dataloader'] = cfg[f'{key}_cfg'] = None
    cfg.val_evaluator = cfg.optim_wrapper = cfg.param_scheduler = None
    runner = Runner.from_cfg(cfg)
    height = config.test_options.height
    runner.model.body.predict_maps = sees_drawn(annotations, height / 128)
    metrics = runner.test()
    assert metrics['body/AP'] > 0.5
    # faces and hands of random weights
    assert metrics['wholebody/AP'] < metrics['body/AP']


@pytest.mark.parametrize('height', [None, 96])
def test_the_predictor_says_its_height(config, tmp_path, height):
    small = copy.deepcopy(config)
    small.model = shrunk(config)
    small.dump(tmp_path / 'small.py')
    predictor = MultiNetworkPredictor(
        config=tmp_path / 'small.py', height=height
    )
    own = config.test_options.height
    # as Predictor's: of the largest scale
    assert predictor.height / max(predictor.scales) == (height or own)
