"""The paper: a deep whole-body network from data that label some parts each.

"Single-Network Whole-Body Pose Estimation" (Hidalgo et al., 2019), section
4.1: ten data sets, each batch of one of them with its probability, each with
its own ranges; 480x480, 10 images a GPU on 4 GPUs; the single-scale test
(height 480, aspect kept).

``docs/data.md`` says where each data set comes from and how it is prepared.
Training uses those that are on disk (COCO or COCO-WholeBody has to be), gives
them the probability of the others, and says what is missing. The paper's
exact list: --cfg-options train_dataloader.dataset.strict=True

The paper's multi-scale test: tools/test.py ... --cfg-options
model.test_cfg.scales="(2.0,1.5,1.0,0.5)"
"""

_base_ = ['deep_wholebody_cocowb.py']
# after _base_: MMEngine takes a file that begins with an import for one of
# its other kind of config
import os.path as osp  # noqa: E402

skeleton = _base_.skeleton
supervision = _base_.supervision
input_size = _base_.input_size

coco_images = dict(img='data/coco/train2017/')
nobody = dict(
    ann_file='data/no_people/train.json',
    folder=coco_images['img'],
    optional=True,
)
# Section 4.1. Where people are large, hand and face sets are centred on what
# they are for; patches occlude people of the in-the-wild sets.
common = dict(type='WholeBodyRandomWarp', input_size=input_size, rotation=45.0)
warp = dict(common, scale=(1 / 3, 1.5))
load = dict(type='LoadImageFile')
fill = dict(type='FillOutside', **nobody)
occlude = dict(type='OccludePeople', most=2, **nobody)
wild = [load, warp, fill, occlude, *supervision]
face = [load, dict(warp, centre_on='face'), fill, *supervision]
# their boxes are nine times a hand, most of that may be beyond the image
hand = dict(common, centre_on='hand', whole_boxes=True)
hand_mpii = dict(hand, scale=(0.5, 4.0))
hand_dome = dict(hand, scale=(2 / 3, 4.5))
whole = dict(warp, centre_on='wholebody')

# The paper had COCO's 17 points only. COCO-WholeBody's file, if it is there,
# labels the same people with 133; to train without it as the paper did:
# train_dataloader.dataset.datasets.coco.type=CocoPoseDataset and .ann_file
wholebody_ann = 'data/coco/annotations/coco_wholebody_{}_v1.0.json'
coco_ann = 'data/coco/annotations/person_keypoints_{}2017.json'
coco_train = dict(type='CocoPoseDataset', ann_file=coco_ann.format('train'))
if osp.isfile(wholebody_ann.format('train')):
    coco_train = dict(
        type='CocoWholeBodyPoseDataset', ann_file=wholebody_ann.format('train')
    )

datasets = dict(
    coco=dict(**coco_train, data_prefix=coco_images, pipeline=wild),
    foot=dict(
        type='CocoFootDataset',
        ann_file='data/foot/train.json',
        data_prefix=coco_images,
        pipeline=wild,
    ),
    mpii=dict(
        type='MpiiBodyDataset',
        ann_file='data/mpii/train.json',
        data_prefix=dict(img='data/mpii/images/'),
        pipeline=wild,
    ),
    face_multipie=dict(
        type='FaceLandmarkDataset',
        ann_file='data/face_multipie/train.json',
        data_prefix=dict(img='data/face_multipie/images/'),
        pipeline=face,
    ),
    face_frgc=dict(
        type='FaceLandmarkDataset',
        ann_file='data/face_frgc/train.json',
        data_prefix=dict(img='data/face_frgc/images/'),
        pipeline=face,
    ),
    face_ibug=dict(
        type='FaceLandmarkDataset',
        ann_file='data/face_ibug/train.json',
        data_prefix=dict(img='data/face_ibug/images/'),
        pipeline=face,
    ),
    hand_dome=dict(
        type='RightHandDataset',
        ann_file='data/hand_dome/train.json',
        data_prefix=dict(img='data/hand_dome/images/'),
        pipeline=[load, hand_dome, fill, *supervision],
    ),
    hand_mpii=dict(
        type='TwoHandsDataset',
        ann_file='data/hand_mpii/train.json',
        data_prefix=dict(img='data/hand_mpii/images/'),
        pipeline=[load, hand_mpii, fill, *supervision],
    ),
    panoptic=dict(
        type='PanopticBodyDataset',
        ann_file='data/panoptic/train.json',
        data_prefix=dict(img='data/panoptic/images/'),
        pipeline=[load, whole, fill, *supervision],
    ),
    no_people=dict(
        type='NoPeopleDataset',
        ann_file='data/no_people/train.json',
        data_prefix=coco_images,
        pipeline=[load, warp, *supervision],
    ),
)
datasets = {
    name: dict(source, skeleton=skeleton) for name, source in datasets.items()
}
# P_d of section 4.1; they add up to 0.9999
probabilities = dict(
    coco=0.765,
    foot=0.05,
    mpii=0.05,
    face_multipie=0.0033,
    face_frgc=0.0033,
    face_ibug=0.0033,
    hand_dome=0.005,
    hand_mpii=0.05,
    panoptic=0.05,
    no_people=0.02,
)
train_dataloader = dict(
    batch_sampler=dict(
        type='DatasetProbabilitySampler', probabilities=probabilities
    ),
    dataset=dict(
        _delete_=True,
        type='MultiTaskDataset',
        skeleton=skeleton,
        required=['coco'],
        strict=False,
        datasets=datasets,
    ),
)
custom_hooks = [*_base_.custom_hooks, dict(type='DatasetLossHook')]

# Without COCO-WholeBody's validation file COCO's: bodies only
if osp.isfile(coco_ann.format('val')) and not osp.isfile(
    wholebody_ann.format('val')
):
    val_dataloader = dict(
        dataset=dict(
            type='CocoPoseDataset',
            data_root='',
            ann_file=coco_ann.format('val'),
            data_prefix=dict(img='data/coco/val2017/'),
        )
    )
    val_evaluator = dict(ann_file=coco_ann.format('val'))
    default_hooks = dict(checkpoint=dict(save_best='body/AP'))
    test_dataloader, test_evaluator = val_dataloader, val_evaluator
# Each part's own validation set, if it was held out when it was prepared
held_out = {
    name: dict(
        type=source['type'],
        skeleton=skeleton,
        ann_file=source['ann_file'].replace('train', 'val'),
        data_prefix=source['data_prefix'],
    )
    for name, source in datasets.items()
    if name not in ('coco', 'foot', 'mpii', 'no_people')
}
val_cfg = dict(type='MultiSourceValLoop', sources=held_out)
