"""AP and AR of each part; see ``docs/evaluation.md``.

``wholebody_mm.evaluation.metric`` has the registered metric.
"""

from wholebody_mm.evaluation.part_ap import evaluate_parts
from wholebody_mm.evaluation.report import metrics_table, write_metrics
from wholebody_mm.evaluation.results import people_to_results

__all__ = [
    'evaluate_parts',
    'metrics_table',
    'people_to_results',
    'write_metrics',
]
