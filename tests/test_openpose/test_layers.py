"""Layer names, sizes and joins are those of the released files."""

import re

import pytest

from wholebody_mm.openpose.importer import MODEL_NAMES, build
from wholebody_mm.openpose.layers import caffe_layers

# Facts of the released definitions, as `name out/kernel activation`.
# {1-5} counts; {0-2} are the three convolutions of a block.
VGG10 = (
    'conv1_{1-2} 64/3 relu; conv2_{1-2} 128/3 relu; conv3_{1-4} 256/3 relu; '
    'conv4_1 512/3 relu; conv4_2 512/3 prelu4_2; '
    'conv4_3_CPM 256/3 prelu4_3_CPM; conv4_4_CPM 128/3 prelu4_4_CPM; '
)
VGG12 = (
    'conv1_{1-2} 64/3 relu; conv2_{1-2} 128/3 relu; conv3_{1-4} 256/3 relu; '
    'conv4_{1-4} 512/3 relu; '
)


def stage(number, branch, blocks, width, hidden, out):
    suffix = f'stage{number}_L{branch}'
    text = ''
    for i in range(1, blocks + 1):
        text += (
            f'Mconv{i}_{suffix}_{{0-2}} {width}/3 Mprelu{i}_{suffix}_{{0-2}}; '
        )
    i = blocks + 1
    text += f'Mconv{i}_{suffix} {hidden}/1 Mprelu{i}_{suffix}; '
    return text + f'Mconv{i + 1}_{suffix} {out}/1 -; '


def machine(out):
    text = VGG12 + 'conv5_{1-2} 512/3 relu; conv5_3_CPM 128/3 relu; '
    text += f'conv6_1_CPM 512/1 relu; conv6_2_CPM {out}/1 -; '
    for i in range(2, 7):
        text += f'Mconv{{1-5}}_stage{i} 128/7 relu; '
        text += f'Mconv6_stage{i} 128/1 relu; Mconv7_stage{i} {out}/1 -; '
    return text


EXPECTED = {
    'body_135': VGG10
    + stage(0, 2, 8, 128, 256, 304)
    + stage(1, 2, 8, 128, 512, 304)
    + stage(2, 2, 8, 128, 512, 304)
    + stage(3, 2, 8, 256, 512, 304)
    + stage(0, 1, 5, 256, 512, 135),
    'body_25': VGG10
    + stage(0, 2, 5, 96, 256, 52)
    + stage(1, 2, 5, 128, 512, 52)
    + stage(2, 2, 5, 128, 512, 52)
    + stage(3, 2, 5, 128, 512, 52)
    + stage(0, 1, 5, 96, 256, 26)
    + stage(1, 1, 5, 128, 512, 26),
    'body_25b': VGG10
    + stage(0, 2, 5, 64, 256, 72)
    + stage(1, 2, 5, 128, 256, 72)
    + stage(2, 2, 5, 128, 512, 72)
    + stage(3, 2, 5, 128, 512, 72)
    + stage(4, 2, 5, 128, 512, 72)
    + stage(0, 1, 5, 128, 512, 25),
    'body_25b_full': VGG12
    + 'conv4_{5-6}_CPM_{0-2} 256/3 prelu4_{5-6}_CPM_{0-2}; '
    + 'conv4_7_CPM_{0-2} 224/3 prelu4_7_CPM_{0-2}; '
    + 'conv4_{8-9}_CPM_{0-2} 256/3 prelu4_{8-9}_CPM_{0-2}; '
    + 'conv4_10_CPM_{0-2} 224/3 prelu4_10_CPM_{0-2}; '
    + 'conv4_11_CPM 512/1 prelu4_11_CPM; '
    + stage(0, 2, 9, 256, 512, 72)
    + stage(0, 1, 9, 192, 512, 25),
    'face': machine(71),
    'hand': machine(22),
}
CONVOLUTIONS = {
    'body_135': 133,
    'body_25': 114,
    'body_25b': 114,
    'body_25b_full': 89,
    'face': 52,
    'hand': 52,
}
JOINS = {
    'body_135': {
        'concat_stage3_L2': ('conv4_4_CPM', 'Mconv10_stage2_L2'),
        'concat_stage0_L1': ('conv4_4_CPM', 'Mconv10_stage3_L2'),
        'net_output': ('Mconv7_stage0_L1', 'Mconv10_stage3_L2'),
    },
    'body_25': {
        'concat_stage1_L2': ('conv4_4_CPM', 'Mconv7_stage0_L2'),
        'concat_stage0_L1': ('conv4_4_CPM', 'Mconv7_stage3_L2'),
        'concat_stage1_L1': (
            'conv4_4_CPM',
            'Mconv7_stage0_L1',
            'Mconv7_stage3_L2',
        ),
        'net_output': ('Mconv7_stage1_L1', 'Mconv7_stage3_L2'),
    },
    'body_25b': {
        'concat_stage4_L2': ('conv4_4_CPM', 'Mconv7_stage3_L2'),
        'net_output': ('Mconv7_stage0_L1', 'Mconv7_stage4_L2'),
    },
    'body_25b_full': {
        'conv4_11_CPM_concat': (
            'conv4_2',
            'conv4_4',
            'conv4_7_CPM_concat',
            'conv4_10_CPM_concat',
        ),
        'concat_stage0_L1': ('conv4_11_CPM', 'Mconv11_stage0_L2'),
        'net_output': ('Mconv11_stage0_L1', 'Mconv11_stage0_L2'),
    },
    'face': {'concat_stage2': ('conv6_2_CPM', 'conv5_3_CPM')},
    'hand': {'concat_stage6': ('Mconv7_stage5', 'conv5_3_CPM')},
}


def expand(text):
    """Every convolution of a description, in order."""
    match = re.search(r'\{(\d)-(\d)\}', text)
    if not match:
        return [text]
    rows = []
    for i in range(int(match[1]), int(match[2]) + 1):
        rows += expand(text.replace(match[0], str(i)))
    return rows


@pytest.fixture(scope='module')
def layers():
    return {n: caffe_layers(build(n, 'meta')[0]) for n in MODEL_NAMES}


@pytest.mark.parametrize('name', MODEL_NAMES)
def test_names_sizes_and_activations(layers, name):
    rows = []
    following = {}
    for layer in layers[name]:
        if layer.kind in ('ReLU', 'PReLU'):
            following[layer.top] = (
                'relu' if layer.kind == 'ReLU' else layer.name
            )
    for layer in layers[name]:
        if layer.kind == 'Convolution':
            size = layer.settings
            rows.append(
                f'{layer.name} {size["num_output"]}/{size["kernel_size"]} '
                f'{following.get(layer.top, "-")}'
            )
            assert size['pad'] == size['kernel_size'] // 2
    wanted = []
    for part in EXPECTED[name].rstrip('; ').split('; '):
        wanted += expand(part)
    assert rows == wanted
    assert len(rows) == CONVOLUTIONS[name]


@pytest.mark.parametrize('name', MODEL_NAMES)
def test_joins(layers, name):
    joins = {x.name: x.bottoms for x in layers[name] if x.kind == 'Concat'}
    for join, bottoms in JOINS[name].items():
        assert joins[join] == bottoms


@pytest.mark.parametrize('name', MODEL_NAMES)
def test_every_weight_has_one_blob(layers, name):
    keys = [key for layer in layers[name] for key in layer.weights]
    model, _ = build(name, 'meta')
    assert len(set(keys)) == len(keys)
    assert set(keys) == set(model.state_dict())


@pytest.mark.parametrize('name', MODEL_NAMES)
def test_pools_follow_the_first_three_groups(layers, name):
    pools = [x.bottoms for x in layers[name] if x.kind == 'Pooling']
    assert pools == [('conv1_2',), ('conv2_2',), ('conv3_4',)]


def test_a_network_of_another_kind_is_refused():
    model, _ = build('hand', 'meta')
    model.backbone = model.head
    with pytest.raises(ValueError, match='PoseMachineHead has no counterpart'):
        caffe_layers(model)


def test_what_the_files_cannot_say_is_refused():
    model, _ = build('hand', 'meta')
    model.neck = model.backbone
    with pytest.raises(ValueError, match='no counterpart'):
        caffe_layers(model)
    model.neck = None
    model.head.subdivision = 2
    with pytest.raises(ValueError, match='finer stride'):
        caffe_layers(model)
