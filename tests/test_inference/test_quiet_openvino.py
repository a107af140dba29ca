"""Nobody's use of OpenVINO is told to anybody."""

import subprocess
import sys
import textwrap

import pytest

pytest.importorskip('openvino_telemetry', reason='nothing to keep quiet')


@pytest.mark.parametrize(
    ('first', 'told'),
    [
        ('import wholebody_mm.inference.openvino_network', False),
        ('import wholebody_mm.export.openvino_file', False),
        # whoever does so has asked for it
        ('import openvino_telemetry', True),
    ],
)
def test_no_message_is_sent(first, told):
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
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    name = (
        'openvino_telemetry' if told else 'openvino.tools.ovc.telemetry_stub'
    )
    assert f'{name} {told}' in run.stdout
    assert ('general_import' in run.stdout) == told
