"""The backbone and the ImageNet weights that users bring."""

import pytest
import torch
from torch import nn

from wholebody_mm.models import VGG19Reduced

WIDTHS = [64] * 2 + [128] * 2 + [256] * 4 + [512] * 8


def vgg19_state(layout='torchvision', widths=WIDTHS, bn=False):
    """Random weights named as torchvision or MMPretrain name them."""
    state, channels, index = {}, 3, 0
    for i, width in enumerate(widths):
        if i in (2, 4, 8, 12):
            index += 1  # pooling
        prefix = f'features.{index}.'
        if layout == 'mmpretrain':
            prefix = f'backbone.features.{index}.conv.'
        state[prefix + 'weight'] = torch.randn(width, channels, 3, 3) * 0.01
        state[prefix + 'bias'] = torch.randn(width)
        if bn:
            state[f'features.{index + 1}.running_mean'] = torch.zeros(width)
        channels = width
        index += 1 if layout == 'mmpretrain' else 2
    state['classifier.0.weight'] = torch.zeros(1, 1)
    return state


@pytest.mark.parametrize('layout', ['torchvision', 'mmpretrain'])
def test_weights_are_read_from_a_file(tmp_path, layout):
    state = vgg19_state(layout)
    file = tmp_path / 'vgg19.pth'
    torch.save(
        state if layout == 'torchvision' else dict(state_dict=state), file
    )
    backbone = VGG19Reduced(vgg19_weights=str(file))
    backbone.init_weights()
    weights = [v for k, v in state.items() if k.endswith('weight')]
    assert torch.equal(backbone.conv1_1.weight, weights[0])
    assert torch.equal(backbone.conv4_2.weight, weights[9])
    # conv4_3 and conv4_4 are the reduction, not VGG's
    assert backbone.conv4_3.weight.shape == (256, 512, 3, 3)


def test_output_is_that_of_vgg19_with_a_prelu_after_conv4_2():
    backbone = VGG19Reduced(reduction=()).eval()
    state = vgg19_state()
    backbone.load_vgg19(state, 'test')
    layers: list[nn.Module] = []
    convs = [k for k in state if k.endswith('weight')][:10]
    for i, key in enumerate(convs):
        if i in (2, 4, 8):
            layers.append(nn.MaxPool2d(2))
        conv = nn.Conv2d(*state[key].shape[1::-1], 3, padding=1)
        conv.weight.data = state[key]
        conv.bias.data = state[key.replace('weight', 'bias')]
        layers += [conv, nn.ReLU()]
    layers[-1] = nn.PReLU(512)
    image = torch.randn(1, 3, 32, 48)
    with torch.no_grad():
        expected = nn.Sequential(*layers)(image)
        (features,) = backbone(image)
    assert features.shape == (1, 512, 4, 6)
    torch.testing.assert_close(features, expected)


@pytest.mark.parametrize(
    ('state', 'message'),
    [
        (vgg19_state(bn=True), 'batch-normalised'),
        (vgg19_state(widths=[64, 64, 128, 128] + [256] * 3), '7 VGG conv'),
        ({'layer1.weight': torch.zeros(1)}, '0 VGG convolutions'),
        (vgg19_state(widths=[32, *WIDTHS[1:]]), 'conv1_1 has shape'),
    ],
)
def test_other_files_are_refused(state, message):
    with pytest.raises(ValueError, match=message) as error:
        VGG19Reduced().load_vgg19(state, 'mine.pth')
    assert 'mine.pth' in str(error.value)
    assert 'vgg19-dcbb9e9d.pth' in str(error.value)


def test_frozen_groups_take_no_gradient():
    backbone = VGG19Reduced(frozen_groups=4)
    frozen = {n for n, p in backbone.named_parameters() if not p.requires_grad}
    assert {'conv1_1.weight', 'conv4_2.bias', 'act4_2.weight'} <= frozen
    assert not any(n.startswith(('conv4_3', 'act4_4')) for n in frozen)
    backbone = VGG19Reduced(frozen_groups=2).train()
    assert not backbone.conv2_2.weight.requires_grad
    assert backbone.conv3_1.weight.requires_grad
    with pytest.raises(ValueError, match='frozen_groups is 5'):
        VGG19Reduced(frozen_groups=5)


def test_it_trains_from_scratch():
    """Signals neither die nor explode through the ten layers."""
    torch.manual_seed(0)
    backbone = VGG19Reduced()
    backbone.init_weights()
    (features,) = backbone(torch.randn(1, 3, 64, 64))
    assert 0.05 < features.std() < 20


def test_mmengines_pretrained_does_not_load_nothing(tmp_path):
    file = tmp_path / 'vgg19.pth'
    torch.save(vgg19_state(), file)
    init = dict(type='Pretrained', checkpoint=str(file))
    with pytest.raises(ValueError, match='give their file as vgg19_weights'):
        VGG19Reduced(init_cfg=init).init_weights()
    ours = VGG19Reduced(width=0.125)
    torch.save(ours.state_dict(), file)
    copy = VGG19Reduced(width=0.125, init_cfg=init)
    copy.init_weights()
    assert torch.equal(copy.conv4_3.weight, ours.conv4_3.weight)
