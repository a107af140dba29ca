"""What the paper reports, cell by cell.

"Single-Network Whole-Body Pose Estimation" (Hidalgo et al., 2019), Tables 1
to 4 and section 4.6. Each row names the config that realises it here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """What a column shows.

    Attributes:
        title: As in the paper.
        dataset: Name of the data set that it is measured on.
        value: Key of the metric.
        scales: ``single`` (in the paper 480 pixels high) or ``multi`` (960,
            720, 480 and 240).
    """

    title: str
    dataset: str
    value: str
    scales: str


@dataclass(frozen=True)
class Row:
    """A network of a table.

    Attributes:
        title: As in the paper.
        network: The config here, a path below ``configs/`` without suffix.
        figures: The paper's, in per cent, one for each column.
    """

    title: str
    network: str
    figures: tuple[float, ...]


@dataclass(frozen=True)
class Table:
    """One of the paper's tables."""

    title: str
    columns: tuple[Cell, ...]
    rows: tuple[Row, ...]
    note: str = ''


def _column(title: str, dataset: str, value: str, scales: str) -> Cell:
    return Cell(title, dataset, value, scales)


TABLE_1 = Table(
    'Table 1: networks of equal run time, body of COCO val2017',
    (
        _column('AP', 'coco', 'body/AP', 'multi'),
        _column('AR', 'coco', 'body/AR', 'multi'),
        _column('APs', 'coco', 'body/AP', 'single'),
        _column('ARs', 'coco', 'body/AR', 'single'),
    ),
    (
        Row(
            'PAF 1s, 10b, 256w; CM 1s, 10b, 256w',
            'ablation/paf1x10_cm1x10',
            (65.8, 70.3, 56.1, 61.1),
        ),
        Row(
            'PAF 2s, 8b, 128-288w; CM 1s, 8b, 256w',
            'ablation/paf2x8_cm1x8',
            (66.1, 70.5, 56.7, 61.9),
        ),
        Row(
            'PAF 2s, 10b, 128-256w; CM 1s, 10b, 256w',
            'ablation/paf2x10_cm1x10',
            (66.1, 70.7, 57.0, 62.0),
        ),
        Row(
            'PAF 3s, 8b, 96-256w; CM 1s, 8b, 192w',
            'ablation/paf3x8_cm1x8',
            (66.4, 70.9, 56.9, 61.9),
        ),
        Row(
            'PAF 4s, 8b, 96-256w; CM 1s, 8b, 224w',
            'ablation/paf4x8_cm1x8',
            (65.7, 70.2, 56.3, 61.4),
        ),
        Row(
            'PAF 5s, 8b, 64-256w; CM 1s, 5b, 256w',
            'ablation/paf5x8_cm1x5',
            (65.5, 70.1, 56.7, 61.8),
        ),
    ),
    'APs, ARs: single-scale. s stages, b blocks a stage, w width.',
)
TABLE_2 = Table(
    'Table 2: body and foot, COCO val2017, multi-scale',
    (
        _column('Body AP', 'coco', 'body/AP', 'multi'),
        _column('Foot AP', 'coco', 'foot/AP', 'multi'),
    ),
    (
        Row('Body-foot OpenPose', 'body_foot_baseline', (65.3, 77.9)),
        Row('Shallow whole-body', 'shallow_wholebody', (60.9, 70.2)),
        Row('Deep body-foot', 'deep_body_foot', (66.4, 76.8)),
        Row('Deep whole-body', 'deep_wholebody', (65.6, 76.2)),
    ),
    "The paper's foot AP is of its own split and sigmas, which are not "
    'published; ours is by those of COCO-WholeBody.',
)
TABLE_3 = Table(
    'Table 3: face AR, single-scale',
    (
        _column('FRGC', 'face_frgc', 'face/AR', 'single'),
        _column('M-PIE', 'face_multipie', 'face/AR', 'single'),
        _column('i-bug', 'face_ibug', 'face/AR', 'single'),
    ),
    (
        Row('OpenPose', 'openpose/multi_network', (98.3, 96.3, 52.4)),
        Row('Shallow whole-body', 'shallow_wholebody', (98.4, 90.6, 50.6)),
        Row('Deep whole-body', 'deep_wholebody', (98.4, 93.2, 54.5)),
    ),
    'Judged by AR: not everyone is labelled. Validation splits of the paper '
    'are not published.',
)
TABLE_4 = Table(
    'Table 4: hand AR, single-scale',
    (
        _column('Dome', 'hand_dome', 'hands/AR', 'single'),
        _column('MPII', 'hand_mpii', 'hands/AR', 'single'),
    ),
    (
        Row('OpenPose', 'openpose/multi_network', (97.0, 82.7)),
        Row('Shallow whole-body', 'shallow_wholebody', (94.6, 82.4)),
        Row('Deep whole-body', 'deep_wholebody', (97.8, 88.1)),
    ),
    'Judged by AR: not everyone is labelled. Dome labels one hand an image; '
    'then the AR is that of the hand that is labelled.',
)
TABLES = (TABLE_1, TABLE_2, TABLE_3, TABLE_4)
DATASETS = ('coco', 'face_frgc', 'face_multipie', 'face_ibug') + (
    'hand_dome',
    'hand_mpii',
)


@dataclass(frozen=True)
class Claim:
    """Something that the paper says of its results.

    Attributes:
        text: What it says, and where.
        paper: Its figure, as text.
        key: Of what is measured here (``document.claims``), if anything.
    """

    text: str
    paper: str
    key: str = ''


CLAIMS = (
    Claim(
        'Time of one image, one person: OpenPose over the single network '
        '(section 4.6)',
        '1.1',
        'ratio_1',
    ),
    Claim('The same with 10 people (section 4.6)', 'about 7', 'ratio_10'),
    Claim(
        "The single network's time from the fewest to the most people "
        '(figure 4)',
        'constant',
        'flat',
    ),
    Claim(
        'Training time of one network over that of separate ones (section 1)',
        'about 1/2',
        'training_time',
    ),
    Claim(
        'Body AP that face and hands cost the deep network (section 4.3)',
        '0.8',
        'body_cost_deep',
    ),
    Claim(
        'Body AP that face and hands cost the shallow network (section 4.3)',
        '4.4',
        'body_cost_shallow',
    ),
    Claim(
        'Fingers that are learnt beside them help wrists and elbows '
        '(figure 5 b)',
        'a picture',
    ),
)
