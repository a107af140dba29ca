"""Our networks as Caffe's layers, under the names of the released files.

The names follow from the structure of a network (how many stages, blocks and
reductions), so any network of the family has them: imported weights and
weights of our own that are written for Caffe.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import nn

from wholebody_mm.models.backbones.vgg19_reduced import VGG19Reduced
from wholebody_mm.models.backbones.vgg19_trunk import (
    VGG19Dense,
    VGG19PoseMachine,
    VGG19Trunk,
)
from wholebody_mm.models.heads.pose_machine_head import PoseMachineHead
from wholebody_mm.models.heads.staged_paf_head import StagedPAFHead
from wholebody_mm.models.heads.stages import ConvBlock, MapStage

INPUT, OUTPUT = 'image', 'net_output'


@dataclass(frozen=True)
class Layer:
    """A layer of the network, in the order of computation.

    Attributes:
        name: As in the released files.
        kind: Caffe's type.
        bottoms: Names of its inputs.
        top: Name of its output; an activation's is its input's.
        settings: Of a convolution or pooling, as Caffe calls them.
        weights: Keys of our state dict that are its blobs, in Caffe's order.
    """

    name: str
    kind: str
    bottoms: tuple[str, ...]
    top: str
    settings: dict[str, int | str] = field(default_factory=dict)
    weights: tuple[str, ...] = ()


class _Trace:
    """Collects layers; methods return the name of the output."""

    def __init__(self, model: nn.Module) -> None:
        self.layers: list[Layer] = []
        self._keys = {id(m): key for key, m in model.named_modules()}

    def conv(self, name: str, bottom: str, conv: nn.Conv2d) -> str:
        settings = dict(
            num_output=conv.out_channels,
            pad=conv.padding[0],
            kernel_size=conv.kernel_size[0],
        )
        self._add(name, 'Convolution', bottom, name, conv, settings)
        return name

    def activation(self, name: str, bottom: str, module: nn.Module) -> None:
        """An activation in place; ``name`` is PReLU's."""
        if isinstance(module, nn.PReLU):
            self._add(name, 'PReLU', bottom, bottom, module)
        else:
            relu = bottom.replace('conv', 'relu')
            self.layers.append(Layer(relu, 'ReLU', (bottom,), bottom))

    def pool(self, name: str, bottom: str) -> str:
        settings = dict(pool='MAX', kernel_size=2, stride=2)
        self.layers.append(Layer(name, 'Pooling', (bottom,), name, settings))
        return name

    def concat(self, name: str, bottoms: list[str]) -> str:
        if len(bottoms) == 1:
            return bottoms[0]
        self.layers.append(Layer(name, 'Concat', tuple(bottoms), name))
        return name

    def _add(self, name, kind, bottom, top, module, settings=None) -> None:
        key = self._keys[id(module)]
        weights = tuple(f'{key}.{n}' for n, _ in module.named_parameters())
        self.layers.append(
            Layer(name, kind, (bottom,), top, settings or {}, weights)
        )

    def block(self, block: ConvBlock, bottom: str, conv: str, act: str) -> str:
        """Three convolutions in series, concatenated."""
        tops = []
        for i, (layer, activation) in enumerate(block.convs):
            bottom = self.conv(f'{conv}_{i}', bottom, layer)
            self.activation(f'{act}_{i}', bottom, activation)
            tops.append(bottom)
        return self.concat(f'{conv}_concat', tops)

    def stage(self, stage: MapStage, bottom: str, suffix: str) -> str:
        """Blocks, then two 1x1 convolutions."""
        for i, block in enumerate(stage.blocks, start=1):
            bottom = self.block(
                block, bottom, f'Mconv{i}_{suffix}', f'Mprelu{i}_{suffix}'
            )
        i = len(stage.blocks) + 1
        bottom = self.conv(f'Mconv{i}_{suffix}', bottom, stage.hidden[0])
        self.activation(f'Mprelu{i}_{suffix}', bottom, stage.hidden[1])
        return self.conv(f'Mconv{i + 1}_{suffix}', bottom, stage.maps)


def caffe_layers(model: nn.Module) -> list[Layer]:
    """The layers of a network of the family.

    Args:
        model: An estimator with ``backbone`` and ``head``, on any device
            (``meta`` will do).

    Raises:
        ValueError: If the network is of another kind.
    """
    trace = _Trace(model)
    backbone, head = model.backbone, model.head
    if getattr(model, 'neck', None) is not None:
        raise ValueError(_other(model.neck))
    if getattr(head, 'subdivision', 1) > 1:
        raise ValueError(
            "confidence maps of finer stride than the fields' have no "
            "counterpart in OpenPose's files: train with heatmap_stride=None"
        )
    if isinstance(backbone, VGG19Reduced):
        features = _reduced(trace, backbone)
    elif isinstance(backbone, VGG19Dense):
        features = _dense(trace, backbone)
    elif isinstance(backbone, VGG19PoseMachine):
        features = _pose_machine(trace, backbone)
    else:
        raise ValueError(_other(backbone))
    if isinstance(head, PoseMachineHead):
        _refinements(trace, head, features)
    elif isinstance(head, StagedPAFHead) and all(
        isinstance(stage, MapStage)
        for stage in (*head.paf_stages, *head.confidence_map_stages)
    ):
        _paf_stages(trace, head, features)
    else:
        raise ValueError(_other(head))
    return trace.layers


def _other(module: nn.Module) -> str:
    return (
        f"{type(module).__name__} has no counterpart in OpenPose's files; "
        f'VGG19Reduced, VGG19Dense and VGG19PoseMachine have, with '
        f'StagedPAFHead of PAFStage and ConfidenceMapStage, '
        f'BackgroundPAFHead and PoseMachineHead'
    )


def _reduced(trace: _Trace, backbone: VGG19Reduced) -> str:
    top = INPUT
    for step in backbone._steps:
        module = getattr(backbone, step)
        if step.startswith('pool'):
            top = trace.pool(f'{step}_stage1', top)
        elif step.startswith('conv'):
            added = step not in backbone.vgg_names
            top = trace.conv(step + ('_CPM' if added else ''), top, module)
        else:
            trace.activation(top.replace('conv', 'prelu'), top, module)
    return top


def _vgg(trace: _Trace, backbone: VGG19Trunk) -> dict[str, str]:
    top, tops = INPUT, {}
    for name in backbone.vgg_names:
        top = trace.conv(name, top, getattr(backbone, name))
        trace.activation('', top, backbone.activation)
        tops[name] = top
        if name in backbone.poolings:
            group = name.split('_')[0].removeprefix('conv')
            top = trace.pool(f'pool{group}_stage1', top)
    return tops


def _dense(trace: _Trace, backbone: VGG19Dense) -> str:
    tops = _vgg(trace, backbone)
    last = backbone.vgg_names[-1]
    levels = [tops['conv4_2'], tops[last]]
    top = levels[-1]
    group, _, number = last.removeprefix('conv').partition('_')
    number = int(number)
    for i, block in enumerate(backbone.blocks):
        number += 1
        name = f'{group}_{number}_CPM'
        top = trace.block(block, top, f'conv{name}', f'prelu{name}')
        if i in backbone.tapped:
            levels.append(top)
    name = f'{group}_{number + 1}_CPM'
    top = trace.concat(f'conv{name}_concat', levels)
    top = trace.conv(f'conv{name}', top, backbone.reduce[0])
    trace.activation(f'prelu{name}', top, backbone.reduce[1])
    return top


def _pose_machine(trace: _Trace, backbone: VGG19PoseMachine) -> str:
    tops = _vgg(trace, backbone)
    last = backbone.vgg_names[-1]
    group, _, number = last.partition('_')
    name = f'{group}_{int(number) + 1}_CPM'
    top = trace.conv(name, tops[last], backbone.reduce)
    trace.activation('', top, backbone.activation)
    return top


def _refinements(trace: _Trace, head: PoseMachineHead, features: str) -> None:
    for number, stage in enumerate(head.stages, start=1):
        if number == 1:
            top, names = features, ('conv6_1_CPM', 'conv6_2_CPM')
        else:
            top = trace.concat(f'concat_stage{number}', [top, features])
            count = len(stage.convs) + 1
            names = tuple(
                f'Mconv{i}_stage{number}' for i in range(1, count + 1)
            )
        for name, conv in zip(names[:-1], stage.convs, strict=True):
            top = trace.conv(name, top, conv)
            trace.activation('', top, stage.activation)
        top = trace.conv(names[-1], top, stage.maps)


def _paf_stages(trace: _Trace, head: StagedPAFHead, features: str) -> None:
    fields = maps = None
    for i, stage in enumerate(head.paf_stages):
        suffix = f'stage{i}_L2'
        bottoms = [features] + ([fields] if fields else [])
        top = trace.concat(f'concat_{suffix}', bottoms)
        fields = trace.stage(stage, top, suffix)
    for i, stage in enumerate(head.confidence_map_stages):
        suffix = f'stage{i}_L1'
        bottoms = [features, *([maps] if maps else []), fields]
        top = trace.concat(f'concat_{suffix}', bottoms)
        maps = trace.stage(stage, top, suffix)
    trace.concat(OUTPUT, [maps, fields])
