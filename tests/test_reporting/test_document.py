"""The report's tables: the paper's figures, ours beside them, or nothing."""

import re
from pathlib import Path

import pytest

from wholebody_mm.reporting.document import (
    Grid,
    Picture,
    Section,
    as_html,
    markdown,
    sections,
    write,
)
from wholebody_mm.reporting.measure import Results
from wholebody_mm.reporting.paper import TABLES

ROOT = Path(__file__).parents[2]


@pytest.fixture
def results(tmp_path):
    return Results(tmp_path / 'results.json')


def row_of(text, start):
    """Cells of the first row that starts with a text."""
    line = next(x for x in text.splitlines() if x.startswith(f'| {start}'))
    return [cell.strip() for cell in line.strip('|').split('|')]


def test_every_row_has_its_config_and_a_figure_for_each_column():
    for table in TABLES:
        for row in table.rows:
            assert (ROOT / 'configs' / f'{row.network}.py').is_file()
            assert len(row.figures) == len(table.columns)
            assert all(40 < figure < 100 for figure in row.figures)


def test_nothing_measured_is_empty_and_never_invented(results):
    text = markdown(sections(results))
    cells = row_of(text, 'Deep whole-body')
    assert cells[1:5] == ['65.6', '', '76.2', '']
    assert 'Not measured.' in text
    assert 'Nothing was measured.' in text
    for table in TABLES:
        assert f'## {table.title}' in text


def test_what_is_measured_stands_beside_the_papers_figure(results):
    results.put(
        'deep_wholebody', 'coco', 'multi',
        {'body/AP': 0.612, 'foot/AP': 0.5, 'images': 5},
    )  # fmt: skip
    results.put(
        'deep_body_foot', 'coco', 'multi', {'body/AP': 0.634, 'images': 5}
    )
    results.put('deep_wholebody', 'hand_mpii', 'single', {'hands/AR': 0.8})
    results.put('other', 'mine', 'single', {'face/AP': 0.123, 'images': 7})
    text = markdown(sections(results))
    assert row_of(text, 'Deep whole-body')[1:5] == [
        '65.6', '61.2', '76.2', '50.0',
    ]  # fmt: skip
    assert '| 97.8 |  | 88.1 | 80.0 |' in text
    assert row_of(text, 'Body AP that face and hands cost the deep')[2] == (
        '2.2'
    )
    assert row_of(text, 'other')[:5] == ['other', 'mine', 'single', '', '7']
    assert "Not among the paper's sets: mine." in text
    # single-scale values are not taken for multi-scale ones
    results.put('shallow_wholebody', 'coco', 'single', {'body/AP': 0.9})
    text = markdown(sections(results))
    assert row_of(text, 'Shallow whole-body')[2] == ''


def test_other_networks_have_rows_and_images_are_counted(results):
    results.put(
        'mine', 'coco', 'multi', {'body/AP': 0.345, 'images': 4}
    )  # fmt: skip
    results.put('mine', 'elsewhere', 'multi', {'body/AP': 0.9, 'images': 9})
    results.put(
        'deep_wholebody', 'coco', 'multi', {'foot/AP': 0.5, 'images': 5000}
    )
    tables = markdown(sections(results)).split('## ')
    first, second, third = tables[1:4]
    assert row_of(first, 'mine')[1:6] == ['', '34.5', '', '', '']
    assert row_of(second, 'mine')[1:] == ['', '34.5', '', '', '', '']
    assert '| mine' not in third
    assert 'Images measured here: coco 4 or 5000.' in second
    assert 'Images measured here: coco 4.' in first
    assert 'Images measured here' not in third
    assert row_of(tables[-2], 'Fingers')[1:] == ['a picture', '']


def test_heights_stand_beside_the_figures(results):
    for scales, height in (('multi', 368), ('single', 368)):
        results.put(
            'ablation/paf1x10_cm1x10', 'coco', scales,
            {'body/AP': 0.5, 'body/AR': 0.5, 'height': height},
        )  # fmt: skip
    results.put('mine', 'coco', 'multi', {'body/AP': 0.3, 'height': 512})
    results.put('mine', 'coco', 'single', {'body/AP': 0.2, 'height': 480})
    # of an earlier version, which did not keep it
    results.put('deep_wholebody', 'coco', 'multi', {'body/AP': 0.6})
    first, second, *_ = markdown(sections(results)).split('## ')[1:]
    assert row_of(first, 'Method')[-2] == 'Height here'
    assert row_of(first, 'PAF 1s')[-2] == '368'
    assert row_of(first, 'PAF 2s, 8b')[-2] == ''
    assert row_of(first, 'mine')[-2] == '480 or 512'
    assert row_of(second, 'mine')[-2] == '512'
    assert row_of(second, 'Deep whole-body')[-2] == ''
    measured = markdown(sections(results)).split('## ')[-1]
    assert row_of(measured, 'mine | coco | multi')[3] == '512'
    assert row_of(measured, 'deep_wholebody')[3] == ''


@pytest.mark.parametrize('other', ['images', 'height'])
def test_figures_of_different_tests_are_not_subtracted(results, other):
    def cost(**values):
        for network, ap in (('deep_body_foot', 0.7), ('deep_wholebody', 0.6)):
            same = {'body/AP': ap, 'images': 5, 'height': 480}
            if network == 'deep_wholebody':
                same |= values
            results.put(network, 'coco', 'multi', same)
        text = markdown(sections(results))
        return row_of(text, 'Body AP that face and hands cost the deep')[2]

    assert cost() == '10.0'
    assert cost(**{other: 368}) == ''


def time(network, people, ms, **more):
    return dict(
        network=network, people=people, median_ms=ms, network_ms=ms,
        backend='torch', precision='fp32', decode_ms=0.5, **more,
    )  # fmt: skip


def test_run_times_and_what_follows_from_them(results):
    rows = [time('one', 1, 100.0), time('one', 10, 101.0)]
    rows += [
        time('many', n, 150.0 * n, face_ms=1.0, hand_ms=2.0, gmac=394.0,
             ratio=100 / (150 * n), reference='one')
        for n in (1, 10)
    ]  # fmt: skip
    times = dict(results=rows, machine=dict(processor='A CPU', cores=2))
    text = markdown(sections(results, times, 'figure_4.png'))
    assert '![One network and several.](figure_4.png)' in text
    assert row_of(text, 'Time of one image, one person')[2] == '1.50'
    assert row_of(text, 'The same with 10 people')[2] == '15.00'
    rows[2]['gmac_ratio'] = 0.4
    text_too = markdown(sections(results, times))
    cells = row_of(text_too, 'Time of one image, one person')
    assert cells[2] == '1.50 (2.50 by GMAC)'
    assert '+1.0% from 1 to 10 people' in text
    # of one engine, also where several were timed
    faster = [dict(row, backend='openvino', median_ms=9.0) for row in rows[:2]]
    for order in (faster + rows, rows + faster, rows[1::-1] + rows[2:]):
        again = markdown(sections(results, dict(results=order)))
        assert '+1.0% from 1 to 10 people' in again
    assert 'A CPU, 2 cores.' in text
    assert '0.67 x one' in text


def test_html_shows_the_same_and_escapes(tmp_path):
    parts = [
        Section(
            'A <b> title',
            [
                Grid(['a', 'b'], [['1 & 2', '`code <x>`']]),
                Picture('gallery/"x".jpg', 'a <caption>'),
                'text',
            ],
        )
    ]
    page = as_html(parts)
    assert '<h2>A &lt;b&gt; title</h2>' in page
    assert '<td>1 &amp; 2</td><td><code>code &lt;x&gt;</code></td>' in page
    assert 'src="gallery/%22x%22.jpg"' in page
    assert page.count('<tr>') == page.count('</tr>') == 2
    paths = write(tmp_path / 'new', parts)
    assert [p.name for p in paths] == ['report.md', 'report.html']
    assert '| a | b |' in paths[0].read_text()


def test_a_table_of_markdown_has_equal_rows(results):
    text = markdown(sections(results))
    for block in re.findall(r'(?:^\|.*\n)+', text, re.MULTILINE):
        counts = {line.count('|') for line in block.splitlines()}
        assert len(counts) == 1


def test_pictures_of_any_name_are_links():
    part = Section('Pictures')
    part.blocks.append(Picture('gallery/1_my photo #2.jpg', 'Mine.'))
    link = 'gallery/1_my%20photo%20%232.jpg'
    assert f']({link})' in markdown([part])
    assert f'src="{link}"' in as_html([part])
