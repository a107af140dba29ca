"""Registers every module of this package with MMPose.

Configs say ``custom_imports=dict(imports=['wholebody_mm.register'])``.
"""

# ruff: noqa: F401

# Mends the stack; has to come before anything that imports MMPose.
import wholebody_mm.compat

# isort: split

import wholebody_mm.codecs.crop_codec
import wholebody_mm.codecs.paf_codec
import wholebody_mm.codecs.tag_codec
import wholebody_mm.datasets.registered
import wholebody_mm.engine.bad_loss_hook
import wholebody_mm.engine.dataset_loss_hook
import wholebody_mm.engine.host_memory_hook
import wholebody_mm.engine.multi_source_val_loop
import wholebody_mm.engine.muon
import wholebody_mm.engine.resumable_loop
import wholebody_mm.engine.save_best_check_hook
import wholebody_mm.evaluation.metric
import wholebody_mm.evaluation.partial_metric
import wholebody_mm.models
import wholebody_mm.openpose.multi_network
import wholebody_mm.visualization.wholebody_visualizer
