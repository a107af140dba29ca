"""Nobody's use of OpenVINO is told to anybody."""

import importlib.util
import os
import subprocess
import sys
import textwrap

import pytest

if importlib.util.find_spec('openvino_telemetry') is None:
    pytest.skip('nothing to keep quiet', allow_module_level=True)


@pytest.mark.parametrize(
    ('first', 'told'),
    [
        ('import wholebody_mm.inference.openvino_network', False),
        ('import wholebody_mm.export.openvino_file', False),
        # whoever does so has asked for it
        ('import openvino_telemetry', True),
    ],
)
def test_no_message_is_sent(first, told, tmp_path):
    program = f"""
        {first}
        import sys
        from wholebody_mm.inference.quiet_openvino import openvino
        from openvino.tools.ovc import telemetry_utils
        assert openvino.Core().available_devices
        print(telemetry_utils.tm.__name__, 'openvino_telemetry' in sys.modules)
        import openvino_telemetry  # for others it is there as before
    """
    if told:  # but not by a test
        program = program.replace(
            'import sys\n',
            'import sys\n'
            '        openvino_telemetry.Telemetry.send_event = print\n',
            1,
        )
    run = subprocess.run(
        [sys.executable, '-c', textwrap.dedent(program)],
        # where it keeps who it is of
        env={**os.environ, 'HOME': str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    name = (
        'openvino_telemetry' if told else 'openvino.tools.ovc.telemetry_stub'
    )
    assert f'{name} {told}' in run.stdout
    assert ('general_import' in run.stdout) == told
