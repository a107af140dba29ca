# How images are drawn; a config adds data sets, pipelines and batch sizes.
train_dataloader = dict(
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='ResumableSampler'),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(test_mode=True),
)
test_dataloader = val_dataloader
