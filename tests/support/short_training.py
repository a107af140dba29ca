"""Options that make a training of a config a matter of seconds."""


def short_training(iterations: int) -> str:
    """The loops stop early and images are small; all else is as written."""
    return (
        f'train_cfg.max_iters={iterations} '
        f'train_cfg.val_interval={iterations} '
        'train_dataloader.batch_size=4 train_dataloader.num_workers=0 '
        'train_dataloader.persistent_workers=False '
        'val_dataloader.num_workers=0 '
        'val_dataloader.persistent_workers=False '
        'model.test_cfg.height=128'
    )
