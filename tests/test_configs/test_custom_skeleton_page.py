"""docs/custom_skeleton.md works as it is written."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / 'docs' / 'custom_skeleton.md').read_text()


def blocks(language):
    """Code blocks of a language, in order."""
    return re.findall(rf'```{language}\n(.*?)```', PAGE, re.DOTALL)


def test_the_skeleton_shown_is_the_file():
    file = ROOT / 'configs' / 'mix_and_match' / 'dog_skeleton.py'
    assert blocks('python')[0].strip() == file.read_text().strip()


@pytest.mark.slow
def test_every_command_of_the_page(tmp_path):
    """Draw, train, test and predict in a folder of the test's own."""

    def here(text):
        return text.replace('work_dirs/dogs', str(tmp_path))

    python = str(Path(sys.executable).parent)
    environment = os.environ | dict(
        PYTHONPATH=str(ROOT), PATH=f'{python}:{os.environ["PATH"]}'
    )
    done = ''
    for command in [['bash', '-e', '-c', here(b)] for b in blocks('bash')] + [
        [sys.executable, '-c', here(blocks('python')[1])]
    ]:
        result = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True
        )
        assert result.returncode == 0, result.stderr[-2000:]
        done += result.stdout
    assert '200 images, 400 dogs' in done
    metrics = json.loads((tmp_path / 'test' / 'metrics.json').read_text())
    assert metrics['coco/AP'] > 0.3  # dogs it has never seen
    assert re.search(r'\d dogs\nnose at \d+, \d+, score 0\.\d', done)
