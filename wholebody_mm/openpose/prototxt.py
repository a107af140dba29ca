"""A network's layers as a Caffe definition, in text."""

from __future__ import annotations

from collections.abc import Iterable

from wholebody_mm.openpose.layers import INPUT, Layer

_SETTINGS = {'Convolution': 'convolution_param', 'Pooling': 'pooling_param'}


def prototxt(
    name: str, layers: Iterable[Layer], input_size: tuple[int, int]
) -> str:
    """The definition (.prototxt) of a network.

    Args:
        name: Of the network.
        layers: Its layers in order.
        input_size: Width and height of the input in pixels.
    """
    width, height = input_size
    lines = [f'name: "{name}"', f'input: "{INPUT}"']
    lines += [f'input_dim: {side}' for side in (1, 3, height, width)]
    for layer in layers:
        lines += ['layer {', f'  name: "{layer.name}"']
        lines.append(f'  type: "{layer.kind}"')
        lines += [f'  bottom: "{bottom}"' for bottom in layer.bottoms]
        lines.append(f'  top: "{layer.top}"')
        if layer.settings:
            lines.append(f'  {_SETTINGS[layer.kind]} {{')
            lines += [f'    {k}: {v}' for k, v in layer.settings.items()]
            lines.append('  }')
        lines.append('}')
    return '\n'.join(lines) + '\n'
