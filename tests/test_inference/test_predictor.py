"""From images of any kind to people, in any skeleton."""

import math
import threading

import cv2
import numpy as np
import pytest
from support.known_people import crowd, known_people

from wholebody_mm.inference import Predictor
from wholebody_mm.skeletons import COCO17, WHOLEBODY135

SIZE = 640, 480


def nearest(truth: np.ndarray, found: np.ndarray) -> np.ndarray:
    """(N,) largest distance of each true person to the person found."""
    distances = np.linalg.norm(truth[:, None] - found[None], axis=-1)
    return distances.max(axis=-1).min(axis=1)


@pytest.mark.parametrize('number', [0, 1, 5])
def test_everyone_is_found_in_pixels_of_the_image(known, number):
    truth = crowd(number, SIZE)
    people = Predictor(network=known)(known.image(truth, SIZE))
    assert len(people) == number
    assert people.keypoints.shape == (number, 135, 2)
    assert people.image_size == SIZE
    body = people.to('coco17')
    assert (body.keypoint_scores > 0.5).all()
    if number:
        # a cell is 15 pixels of the image; peaks are refined
        assert nearest(truth, body.keypoints).max() < 1.5
        lost = people.keypoint_scores == 0
        assert not people.keypoints[lost].any()
        np.testing.assert_allclose(
            people.boxes[:, :2], body.keypoints.min(axis=1)
        )


@pytest.mark.parametrize(
    'options',
    [
        dict(scales=(1.5, 1.0, 0.5)),
        dict(flip=True),
        dict(scales=(1.0, 0.75), flip=True),
        dict(height=384),
    ],
)
@pytest.mark.parametrize('heatmap_stride', [8, 4])
def test_scales_flips_and_heights_move_nobody(options, heatmap_stride):
    truth = crowd(3, SIZE)
    network = known_people(
        scales=options.get('scales', (1.0,)),
        height=options.get('height', 256),
        heatmap_stride=heatmap_stride,
    )
    image = network.image(truth, SIZE)
    people = Predictor(network=network, **options)(image)
    assert len(people) == 3
    assert nearest(truth, people.to('coco17').keypoints).max() < 2
    passes = len(options.get('scales', [1])) * (1 + options.get('flip', 0))
    assert len(network.batches) == passes
    heights = sorted({shape[1] for shape in network.batches})
    expected = sorted(
        round(options.get('height', 256) * s)
        for s in options.get('scales', [1.0])
    )
    assert heights == expected


def test_the_skeleton_asked_for(known):
    image = known.image(crowd(2, SIZE), SIZE)
    union = Predictor(network=known)(image)
    for name in ('coco_wholebody133', 'body25', 'coco17'):
        people = Predictor(network=known, skeleton=name)(image)
        assert people.skeleton.name == name
        assert people.keypoints.shape[1] == people.skeleton.num_keypoints
        np.testing.assert_allclose(people.boxes, union.boxes)
    body25 = union.to('body25')
    names = body25.skeleton.keypoint_names
    shoulders = [COCO17.index(f'{s}_shoulder') for s in ('left', 'right')]
    np.testing.assert_allclose(
        body25.keypoints[:, names.index('neck')],
        union.to('coco17').keypoints[:, shoulders].mean(axis=1),
        rtol=1e-5,
    )
    with pytest.raises(ValueError, match='no skeleton'):
        Predictor(network=known, skeleton='body99')


def test_parts_and_single_people(known):
    people = Predictor(network=known)(known.image(crowd(3, SIZE), SIZE))
    keypoints, scores = people.part('face')
    where = WHOLEBODY135.parts['face']
    np.testing.assert_array_equal(keypoints, people.keypoints[:, where])
    np.testing.assert_array_equal(scores, people.keypoint_scores[:, where])
    assert len(people[1]) == 1
    np.testing.assert_array_equal(people[1].boxes[0], people.boxes[1])
    assert len(people[people.scores > 2]) == 0
    with pytest.raises(ValueError, match='no part .tail.*lefthand'):
        people.part('tail')
    with pytest.raises(IndexError):
        people[3]


def test_lists_are_batched_and_keep_their_order(known):
    sizes = [SIZE, SIZE, (480, 640), SIZE, SIZE, SIZE]
    images = [known.image(crowd(i + 1, s), s) for i, s in enumerate(sizes)]
    people = Predictor(network=known, batch_size=2)(images)
    assert [len(p) for p in people] == [1, 2, 3, 4, 5, 6]
    assert [p.image_size for p in people] == sizes
    assert [shape[0] for shape in known.batches] == [2, 1, 2, 1]
    assert Predictor(network=known)([]) == []


def test_a_broken_file_takes_nothing_with_it(known, tmp_path):
    """What waits for its batch comes first; then the error."""
    image = known.image(crowd(2, SIZE), SIZE)
    predictor = Predictor(network=known, batch_size=4)
    images = [image, image, tmp_path / 'nowhere.jpg', image, 3]
    found = []
    with pytest.raises(FileNotFoundError, match='nowhere.jpg'):
        for people in predictor.stream(images):
            found.append(people)
    assert [len(people) for people in found] == [2, 2]
    everything = list(predictor.stream(images, errors=True))
    assert len(everything) == 5
    assert isinstance(everything[2], FileNotFoundError)
    assert isinstance(everything[4], TypeError)
    assert [len(everything[i]) for i in (0, 1, 3)] == [2, 2, 2]


def test_files_and_pil_images(known, tmp_path):
    Image = pytest.importorskip('PIL.Image')
    truth = crowd(2, SIZE)
    image = known.image(truth, SIZE)
    path = tmp_path / 'ünï.png'
    path.write_bytes(cv2.imencode('.png', image)[1].tobytes())
    predictor = Predictor(network=known)
    expected = predictor(image)
    for same in (path, str(path), Image.fromarray(image[..., ::-1])):
        np.testing.assert_array_equal(
            predictor(same).keypoints, expected.keypoints
        )


def test_fewer_people_on_request(known):
    image = known.image(crowd(6, SIZE), SIZE)
    everyone = Predictor(network=known)(image)
    best = Predictor(network=known, max_people=2)(image)
    assert len(everyone) == 6
    np.testing.assert_array_equal(best.scores, everyone.scores[:2])


def test_options_for_the_decoder_replace_those_of_the_weights():
    network = known_people(decoder=dict(max_people=3, min_score=0.01))
    image = network.image(crowd(5, SIZE), SIZE)
    assert len(Predictor(network=network)(image)) == 3
    more = Predictor(network=network, decoder=dict(max_people=4))
    assert len(more(image)) == 4
    assert more.decoder.min_score == 0.01


@pytest.mark.parametrize('size', [(640, 480), (33, 100), (3000, 500)])
def test_inputs_are_those_of_the_test_tool(size):
    """One path: the pipeline of tools/test.py makes the same input."""
    pytest.importorskip('mmpose')
    import wholebody_mm.register  # noqa: F401

    from wholebody_mm.datasets.transforms.resize import TopLeftResize

    scales = (1.5, 1.0)
    image = np.random.default_rng(0).integers(
        0, 256, (size[1], size[0], 3), np.uint8
    )
    network = known_people()
    predictor = Predictor(network=network, scales=scales, max_aspect=9)
    item = predictor.prepare(image)
    step = TopLeftResize(
        height=network.info.height,
        scales=scales,
        multiple=network.info.multiple,
    )
    results = step(dict(img=image))
    np.testing.assert_array_equal(item.pixels, results['img'])
    np.testing.assert_array_equal(item.matrix, results['warp_mat'])


def test_padding_has_the_colour_of_training():
    predictor = Predictor(network=known_people(border=(1, 2, 3)))
    pixels = predictor.prepare(np.full((100, 33, 3), 200, np.uint8)).pixels
    assert pixels.shape == (256, 96, 3)
    assert (pixels[:, 84] == 200).all() or (pixels[:, 83] == 200).all()
    assert (pixels[:, 85:] == (1, 2, 3)).all()


def test_a_panorama_is_bounded(known):
    predictor = Predictor(network=known)
    item = predictor.prepare(np.zeros((100, 9000, 3), np.uint8))
    assert item.pixels.shape[1] <= 4 * 256
    assert predictor(np.zeros((1, 1, 3), np.uint8)).keypoints.shape[0] == 0


def test_threads_share_one_predictor(known):
    images = [known.image(crowd(i + 1, SIZE), SIZE) for i in range(4)]
    predictor = Predictor(network=known)
    expected = predictor(images)
    found = [[] for _ in images]

    def work(i):
        for _ in range(5):
            found[i].append(predictor(images[i]))

    threads = [
        threading.Thread(target=work, args=(i,)) for i in range(len(images))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for results, one in zip(found, expected, strict=True):
        assert len(results) == 5
        for people in results:
            np.testing.assert_array_equal(people.keypoints, one.keypoints)


@pytest.mark.parametrize(
    'options',
    [dict(scales=(0,)), dict(scales=(1, math.nan)), dict(scales=(math.inf,))]
    + [dict(batch_size=0), dict(height=-1), dict(height=0)],
)
def test_options_out_of_range(known, options):
    with pytest.raises(ValueError, match='positive'):
        Predictor(network=known, **options)


def test_weights_that_are_not_there():
    with pytest.raises(FileNotFoundError, match='no weights .nothing'):
        Predictor('nothing')
    with pytest.raises(FileNotFoundError, match='nothing.onnx'):
        Predictor('nothing.onnx')


def test_no_torch_on_the_way_to_people(run_python):
    """The base installation: NumPy, OpenCV, numba."""
    out = run_python(
        'import sys, numpy as np\n'
        "sys.path.insert(0, 'TESTS')\n"
        'from support.known_people import crowd, known_people\n'
        'from wholebody_mm.inference import Predictor\n'
        'network = known_people()\n'
        'image = network.image(crowd(2, (320, 240)), (320, 240))\n'
        'p = Predictor(network=network, scales=(1.0, 0.5), flip=True)\n'
        'print(len(p(image)), len(Predictor(network=network)(image)))\n'
        "print('torch' in sys.modules, 'mmengine' in sys.modules)\n".replace(
            'TESTS', str(__import__('pathlib').Path(__file__).parents[1])
        ),
        hide=('torch', 'mmengine', 'mmcv', 'mmpose', 'scipy', 'PIL'),
    )
    assert out.split()[1:] == ['2', 'False', 'False']
