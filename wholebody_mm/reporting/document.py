"""The report as blocks: tables, pictures and paragraphs."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from wholebody_mm.benchmarks.multi_network_times import of_one_engine
from wholebody_mm.evaluation.report import ROWS, VALUES
from wholebody_mm.reporting.measure import Results
from wholebody_mm.reporting.paper import CLAIMS, DATASETS, TABLES, Table
from wholebody_mm.reporting.training_time import training_ratio

NOTHING = ''


@dataclass
class Grid:
    """A table of text."""

    head: list[str]
    rows: list[list[str]] = field(default_factory=list)


@dataclass
class Picture:
    """A picture beside the document."""

    file: str
    caption: str


@dataclass
class Section:
    """A heading and what is below it."""

    title: str
    blocks: list[str | Grid | Picture] = field(default_factory=list)


def percent(value: float | None, digits: int = 1) -> str:
    """A metric of 0 to 1 in per cent; nothing where there is none."""
    return NOTHING if value is None else f'{100 * value:.{digits}f}'


def paper_table(table: Table, results: Results) -> Section:
    """One of the paper's tables, its figure and ours in each column.

    Networks that are not the paper's have rows below its own, if one of the
    table's columns was measured for them.
    """
    head = ['Method']
    for column in table.columns:
        head += [f'{column.title}, paper', f'{column.title}, here']
    grid = Grid([*head, 'Height here', 'Config'])
    images: dict[str, set[int]] = {}

    def ours(network: str) -> tuple[list[str], str]:
        cells, heights = [], set()
        for column in table.columns:
            found = results.get(network, column.dataset, column.scales) or {}
            cells.append(percent(found.get(column.value)))
            if cells[-1] and 'images' in found:
                counts = images.setdefault(column.dataset, set())
                counts.add(int(found['images']))
            if cells[-1] and 'height' in found:
                heights.add(int(found['height']))
        return cells, ' or '.join(str(n) for n in sorted(heights))

    for row in table.rows:
        figures = [f'{figure:.1f}' for figure in row.figures]
        cells, height = ours(row.network)
        grid.rows.append(
            [row.title, *_beside(figures, cells), height]
            + [f'`configs/{row.network}.py`']
        )
    known = {row.network for row in table.rows}
    measured = dict.fromkeys(network for network, _, _ in results.measured())
    for network in measured:
        cells, height = ours(network)
        if network not in known and any(cells):
            nothing = [NOTHING] * len(cells)
            grid.rows.append(
                [network, *_beside(nothing, cells), height, NOTHING]
            )
    blocks: list[str | Grid | Picture] = [grid]
    if table.note:
        blocks.append(table.note)
    if images:
        # a few images tell less than a whole set
        counted = ', '.join(
            f'{name} {" or ".join(str(n) for n in sorted(counts))}'
            for name, counts in images.items()
        )
        blocks.append(f'Images measured here: {counted}.')
    return Section(table.title, blocks)


def _beside(paper: Sequence[str], here: Sequence[str]) -> list[str]:
    """Cells of two in turn."""
    return [cell for pair in zip(paper, here, strict=True) for cell in pair]


def measured_section(results: Results) -> Section:
    """Everything that was measured, one row a network, set and scales."""
    grid = Grid(
        ['Network', 'Data', 'Scales', 'Height', 'Images']
        + [f'{part} {value}' for part in ROWS for value in VALUES[:2]]
    )
    for network, dataset, scales in results.measured():
        metrics = results.get(network, dataset, scales) or {}
        grid.rows.append(
            [network, dataset, scales, str(metrics.get('height', NOTHING))]
            + [str(int(metrics.get('images', 0)))]
            + [
                percent(metrics.get(f'{part}/{value}'))
                for part in ROWS
                for value in VALUES[:2]
            ]
        )
    if not grid.rows:
        return Section('All measurements', ['Nothing was measured.'])
    outside = sorted({d for _, d, _ in results.measured()} - set(DATASETS))
    note = "Per cent; COCO-WholeBody's protocol and sigmas."
    if outside:
        note += f" Not among the paper's sets: {', '.join(outside)}."
    return Section('All measurements', [grid, note])


def figure_4(times: Mapping | None, picture: str | None) -> Section:
    """Run time against people, from the benchmark's file."""
    title = 'Figure 4: run time against the number of people'
    rows = list((times or {}).get('results', []))
    if not rows:
        return Section(
            title,
            [
                'Not measured. `wholebody-mm benchmark people '
                '--with-multi-network --json FILE`, then `--times FILE`.'
            ],
        )
    grid = Grid(
        ['Network', 'Engine', 'People', 'ms', 'body ms', 'face ms']
        + ['hand ms', 'decoding ms', 'GMAC', 'times as fast as']
    )
    for row in rows:
        compared = NOTHING
        if 'ratio' in row:
            compared = f'{row["ratio"]:.2f} x {row["reference"]}'
        grid.rows.append(
            [
                str(row['network']),
                f'{row.get("backend", "")} {row.get("precision", "")}'.strip(),
                str(row['people']),
                *(
                    NOTHING if row.get(key) is None else f'{row[key]:.1f}'
                    for key in (
                        'median_ms',
                        'network_ms',
                        'face_ms',
                        'hand_ms',
                        'decode_ms',
                        'gmac',
                    )
                ),
                compared,
            ]
        )
    blocks: list[str | Grid | Picture] = [grid]
    if picture:
        blocks.insert(0, Picture(picture, 'One network and several.'))
    where = (times or {}).get('machine', {})
    if where:
        blocks.append(
            f'{where.get("processor", "")}, {where.get("cores", "")} cores.'
        )
    return Section(title, blocks)


def claims(
    times: Mapping | None,
    results: Results,
    training: Mapping[str, float] | None = None,
) -> Section:
    """What else the paper says, and what was found."""
    found = _claimed(times, results)
    ratio = training_ratio(training or {})
    if ratio is not None:
        found['training_time'] = f'{ratio:.2f}'
    grid = Grid(['Claim', 'Paper', 'Here'])
    for claim in CLAIMS:
        grid.rows.append(
            [claim.text, claim.paper, found.get(claim.key, NOTHING)]
        )
    return Section('Other claims', [grid])


def _claimed(times: Mapping | None, results: Results) -> dict[str, str]:
    """What can be said of the claims."""
    out = {}
    rows = list((times or {}).get('results', []))
    several = {r['people']: r for r in rows if 'face_ms' in r}
    for people in (1, 10):
        if people in several and several[people].get('ratio'):
            row = several[people]
            out[f'ratio_{people}'] = f'{1 / row["ratio"]:.2f}' + (
                f' ({1 / row["gmac_ratio"]:.2f} by GMAC)'
                if row.get('gmac_ratio')
                else ''
            )
    single = of_one_engine([r for r in rows if 'face_ms' not in r])
    single.sort(key=lambda row: row['people'])
    if len(single) > 1:
        change = single[-1]['median_ms'] / single[0]['median_ms'] - 1
        out['flat'] = (
            f'{100 * change:+.1f}% from {single[0]["people"]} to '
            f'{single[-1]["people"]} people'
        )
    for key, alone, together in (
        ('body_cost_deep', 'deep_body_foot', 'deep_wholebody'),
        ('body_cost_shallow', 'body_foot_baseline', 'shallow_wholebody'),
    ):
        pair = [
            results.get(network, 'coco', 'multi') or {}
            for network in (alone, together)
        ]
        # on other images, or at other heights, AP is another by itself
        alike = all(
            len({m[what] for m in pair if what in m}) <= 1
            for what in ('images', 'height')
        )
        aps = [metrics.get('body/AP') for metrics in pair]
        if alike and None not in aps:
            out[key] = f'{100 * (aps[0] - aps[1]):.1f}'
    return out


def sections(
    results: Results,
    times: Mapping | None = None,
    times_picture: str | None = None,
    galleries: Sequence[Section] = (),
    training: Mapping[str, float] | None = None,
) -> list[Section]:
    """The whole report in the paper's order.

    Args:
        results: Of networks on data sets.
        times: The file of ``wholebody-mm benchmark people``.
        times_picture: Its picture, beside the document.
        galleries: Of figure 5.
        training: Seconds that networks trained, by name.
    """
    return [
        *(paper_table(table, results) for table in TABLES),
        figure_4(times, times_picture),
        *galleries,
        claims(times, results, training),
        measured_section(results),
    ]


TITLE = 'Single-network whole-body pose: the paper and this project'
LEAD = (
    "Each table is the paper's, with what was measured here beside it. A "
    'cell is empty where a data set or trained weights were not there, and a '
    "claim's where two networks were tested on other images or at other "
    'heights. Heights are of the input at scale 1, in pixels; the paper has '
    '480.'
)


def markdown(parts: Sequence[Section]) -> str:
    """The report as Markdown."""
    lines = [f'# {TITLE}', '', LEAD, '']
    for part in parts:
        lines += [f'## {part.title}', '']
        for block in part.blocks:
            if isinstance(block, Grid):
                rule = ['---'] * len(block.head)
                for cells in (block.head, rule, *block.rows):
                    lines.append('| ' + ' | '.join(cells) + ' |')
            elif isinstance(block, Picture):
                lines.append(f'![{block.caption}]({quote(block.file)})')
                lines += ['', block.caption]
            else:
                lines.append(block)
            lines.append('')
    return '\n'.join(lines)


_STYLE = (
    'body{font:15px/1.5 system-ui,sans-serif;max-width:76rem;margin:2rem '
    'auto;padding:0 1rem;color:#222}table{border-collapse:collapse;'
    'display:block;overflow-x:auto;font-size:13px}th,td{border-bottom:1px '
    'solid #ddd;padding:.3rem .7rem;text-align:right;white-space:nowrap}'
    'th:first-child,td:first-child{text-align:left}th{background:#f5f5f5}'
    'img{max-width:100%}figcaption{color:#555}code{font-size:12px}'
)


def as_html(parts: Sequence[Section]) -> str:
    """The report as one HTML page."""

    def text(value: str) -> str:
        pieces = html.escape(value).split('`')
        return ''.join(
            f'<code>{piece}</code>' if i % 2 else piece
            for i, piece in enumerate(pieces)
        )

    out = [
        '<!doctype html><html lang="en"><meta charset="utf-8">',
        f'<title>{TITLE}</title><style>{_STYLE}</style>',
        f'<h1>{TITLE}</h1><p>{LEAD}</p>',
    ]
    for part in parts:
        out.append(f'<h2>{text(part.title)}</h2>')
        for block in part.blocks:
            if isinstance(block, Grid):
                rows = [
                    '<tr>'
                    + ''.join(f'<{t}>{text(c)}</{t}>' for c in row)
                    + '</tr>'
                    for t, row in (
                        ('th', block.head),
                        *(('td', row) for row in block.rows),
                    )
                ]
                out.append('<table>' + '\n'.join(rows) + '</table>')
            elif isinstance(block, Picture):
                out.append(
                    f'<figure><img src="{quote(block.file)}" alt="">'
                    f'<figcaption>{text(block.caption)}</figcaption></figure>'
                )
            else:
                out.append(f'<p>{text(block)}</p>')
    return '\n'.join(out) + '\n</html>\n'


def write(folder: Path, parts: Sequence[Section]) -> tuple[Path, Path]:
    """Write ``report.md`` and ``report.html``; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / 'report.md', folder / 'report.html'
    paths[0].write_text(markdown(parts), encoding='utf-8')
    paths[1].write_text(as_html(parts), encoding='utf-8')
    return paths
