"""Our PAF head on MMPose's HRNet, whose finest branch has stride 4."""

_base_ = ['paf_resnet.py']
stride = 4
width = 18
codec = dict(_base_.codec, stride=stride)
model = dict(
    data_preprocessor=dict(codec=codec),
    backbone=dict(
        _delete_=True,
        type='HRNet',
        extra=dict(
            stage1=dict(
                num_modules=1,
                num_branches=1,
                block='BOTTLENECK',
                num_blocks=(2,),
                num_channels=(64,),
            ),
            **{
                f'stage{n}': dict(
                    num_modules=1,
                    num_branches=n,
                    block='BASIC',
                    num_blocks=(2,) * n,
                    num_channels=tuple(width * 2**i for i in range(n)),
                )
                for n in (2, 3, 4)
            },
        ),
    ),
    neck=None,
    head=dict(in_channels=width, decoder=codec),
)
pipeline = _base_.train_dataloader.dataset.pipeline
pipeline[2].stride = stride
train_dataloader = dict(dataset=dict(pipeline=pipeline))
