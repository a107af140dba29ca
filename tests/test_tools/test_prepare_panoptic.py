"""The command that prepares the Panoptic Studio's pictures."""

import inspect
import runpy
from pathlib import Path

from wholebody_mm.datasets.preparation.panoptic import prepare_panoptic

ROOT = Path(__file__).resolve().parents[2]


def test_options_reach_the_function(monkeypatch, capsys):
    main = runpy.run_path(str(ROOT / 'tools/data/prepare_panoptic.py'))['main']
    signature, asked = inspect.signature(prepare_panoptic), []

    def note(*args, **kwargs):
        asked.append(signature.bind(*args, **kwargs).arguments)
        return dict(train=dict(images=3))

    monkeypatch.setitem(main.__globals__, 'prepare_panoptic', note)
    command = ['seq', '--out', 'made', '--every', '7', '--any-hands']
    command += ['--cameras', '00_12', '00_03']
    assert main([*command, '--val-share', '0.25', '--seed', '4']) == 0
    assert asked == [
        dict(
            root=Path('seq'),
            out=Path('made'),
            every=7,
            cameras=['00_12', '00_03'],
            val_share=0.25,
            seed=4,
            any_hands=True,
        )
    ]
    said = capsys.readouterr().out
    assert f'{Path("made/train.json")}: 3 images' in said
