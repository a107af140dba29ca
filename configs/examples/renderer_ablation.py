"""What an ingredient of the renderer is worth: 45 minutes from scratch.

    wholebody-mm synthesize --images 6610 --seed 1 --size 320x320 \
        --without clothing --out data/synthetic/no-clothing
    python tools/train.py configs/examples/renderer_ablation.py \
        --work-dir work_dirs/no-clothing --cfg-options \
        train_dataloader.dataset.data_root=data/synthetic/no-clothing/

and the same with images that have it. Tested on ``val-basic``, which has
everything; docs/fast_wholebody_training.md has the results.
"""

_base_ = ['../light_tries/base.py']

# the network as it was when this was measured: a block less
stages = _base_.model.head.confidence_map_stages
stages[0].update(dilations=(1, 2))
model = dict(head=dict(confidence_map_stages=stages))
