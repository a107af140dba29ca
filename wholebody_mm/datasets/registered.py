"""Importing this registers data sets and transforms with MMPose."""

from wholebody_mm.datasets.collate import collate_images
from wholebody_mm.datasets.freshly_rendered import FreshlyRenderedDataset
from wholebody_mm.datasets.loader_workers import yielding_worker
from wholebody_mm.datasets.multi_task_dataset import MultiTaskDataset
from wholebody_mm.datasets.partial_readers import (
    CocoFootDataset,
    FaceLandmarkDataset,
    MpiiBodyDataset,
    NoPeopleDataset,
    PanopticBodyDataset,
    PartialPoseDataset,
    RightHandDataset,
    TwoHandsDataset,
)
from wholebody_mm.datasets.readers import (
    CocoPoseDataset,
    CocoWholeBodyPoseDataset,
)
from wholebody_mm.datasets.rendered_people import RenderedPeopleDataset
from wholebody_mm.datasets.samplers.dataset_probability_sampler import (
    DatasetProbabilitySampler,
)
from wholebody_mm.datasets.samplers.resumable_sampler import ResumableSampler
from wholebody_mm.datasets.transforms.load import LoadImageFile
from wholebody_mm.datasets.transforms.negatives import (
    FillOutside,
    OccludePeople,
)
from wholebody_mm.datasets.transforms.pack import PackWholeBody
from wholebody_mm.datasets.transforms.regions import SupervisionRegions
from wholebody_mm.datasets.transforms.resize import TopLeftResize
from wholebody_mm.datasets.transforms.warp import WholeBodyRandomWarp

__all__ = [
    'CocoFootDataset',
    'CocoPoseDataset',
    'CocoWholeBodyPoseDataset',
    'DatasetProbabilitySampler',
    'FaceLandmarkDataset',
    'FillOutside',
    'FreshlyRenderedDataset',
    'LoadImageFile',
    'MpiiBodyDataset',
    'MultiTaskDataset',
    'NoPeopleDataset',
    'OccludePeople',
    'PackWholeBody',
    'PanopticBodyDataset',
    'PartialPoseDataset',
    'RenderedPeopleDataset',
    'ResumableSampler',
    'RightHandDataset',
    'SupervisionRegions',
    'TopLeftResize',
    'TwoHandsDataset',
    'WholeBodyRandomWarp',
    'collate_images',
    'yielding_worker',
]
