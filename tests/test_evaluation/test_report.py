import json

from wholebody_mm.evaluation import metrics_table, write_metrics

METRICS = {
    f'{part}/{value}': 0.5 if part == 'hands' else 0.25
    for part in ('body', 'lefthand', 'righthand', 'hands', 'wholebody')
    for value in ('AP', 'AR', 'AP50', 'AP75')
}


def test_the_table_has_a_row_a_part_in_per_cent():
    rows = [line.split() for line in metrics_table(METRICS).splitlines()]
    assert rows[0] == ['part', 'AP', 'AR', 'AP50', 'AP75']
    names = [row[0] for row in rows[1:]]
    assert names == ['body', 'lefthand', 'righthand', 'hands', 'wholebody']
    assert rows[4] == ['hands', '50.0', '50.0', '50.0', '50.0']
    prefixed = {f'val/{key}': value for key, value in METRICS.items()}
    assert metrics_table(prefixed) == metrics_table(METRICS)


def test_the_file_is_strict_json(tmp_path):
    path = tmp_path / 'new' / 'metrics.json'
    write_metrics(path, METRICS | {'loss': float('nan'), 'epoch': 3})
    back = json.loads(path.read_text(), parse_constant=lambda c: 1 / 0)
    assert back.pop('loss') is None
    assert back.pop('epoch') == 3
    assert back == METRICS
