"""Where the data sets of the paper come from: the one list of them.

Names are those that ``configs/deep_wholebody.py`` uses; ``docs/data.md`` has
a section on each.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """A data set that its owners distribute.

    Args:
        title: Its name.
        page: Where to ask for it or download it.
        licence: What its owners allow, in short.
        command: Makes its annotation file from what was downloaded; empty
            where the file is used as it is.
        labels: What it labels.
        counts: Images or people to expect, as its owners or the paper say.
    """

    title: str
    page: str
    licence: str
    labels: str
    counts: str
    command: str = ''


_COCO = 'https://cocodataset.org/#download'
_IBUG = 'https://ibug.doc.ic.ac.uk/resources/facial-point-annotations/'
_HANDS = 'http://domedb.perception.cs.cmu.edu/handdb.html'
_RESEARCH = 'research only'

SOURCES = {
    'coco': Source(
        'COCO keypoints 2017',
        _COCO,
        'annotations CC BY 4.0; images under their owners\' terms',
        '17 body points',
        '118,287 images in train2017',
    ),
    'coco_wholebody': Source(
        'COCO-WholeBody v1.0',
        'https://github.com/jin-s13/COCO-WholeBody#download',
        'annotations CC BY-NC 4.0',
        '133 points of body, feet, face and hands',
        '118,287 images in train2017',
    ),
    'foot': Source(
        'OpenPose foot annotations (a part of COCO)',
        'https://cmu-perceptual-computing-lab.github.io/foot_keypoint_dataset/',
        'see its page',
        '17 body and 6 foot points',
        'about 15,000 people',
        'python tools/data/prepare_foot.py',
    ),
    'mpii': Source(
        'MPII Human Pose',
        'http://human-pose.mpi-inf.mpg.de',
        f'{_RESEARCH}; simplified BSD for the annotations',
        'shoulders, upper neck and head top are used of 16 joints',
        'about 25,000 images of 40,000 people',
        'python tools/data/prepare_mpii.py',
    ),
    'hand_mpii': Source(
        'hands with manual keypoints on MPII images (hand_labels)',
        _HANDS,
        _RESEARCH,
        '21 points of each hand that is annotated',
        '1,912 hands in manual_train, 846 in manual_test',
        'python tools/data/prepare_hand_mpii.py',
    ),
    'hand_dome': Source(
        'hands from the Panoptic Studio (hand143_panopticdb)',
        _HANDS,
        _RESEARCH,
        '21 points of the right hand',
        '14,817 images',
        'python tools/data/prepare_hand_dome.py',
    ),
    'face_multipie': Source(
        'CMU Multi-PIE with i-bug\'s 68 points',
        f'http://www.cs.cmu.edu/afs/cs/project/PIE/MultiPie/ and {_IBUG}',
        'bought licence; points for research',
        '68 points of the face',
        'as bought',
        'python tools/data/prepare_faces.py face_multipie',
    ),
    'face_frgc': Source(
        'FRGC v2 with i-bug\'s 68 points',
        f'https://cvrl.nd.edu/projects/data/ and {_IBUG}',
        'signed licence; points for research',
        '68 points of the face',
        '4,950 images with points',
        'python tools/data/prepare_faces.py face_frgc',
    ),
    'face_ibug': Source(
        'i-bug\'s 300-W: Helen, LFPW, AFW, i-bug',
        _IBUG,
        _RESEARCH,
        '68 points of the face',
        '2,330 Helen, 1,035 LFPW, 337 AFW and 135 i-bug images',
        'python tools/data/prepare_faces.py face_ibug',
    ),
    'panoptic': Source(
        'Panoptic Studio whole bodies (Monocular Total Capture)',
        'http://domedb.perception.cs.cmu.edu/mtc.html',
        _RESEARCH,
        '17 body points and both hands; 70 points of the face too in single '
        'sequences of the studio, which prepare_panoptic.py reads',
        'as many frames and cameras as were downloaded; the released network '
        'was trained on 201,971 people',
        'python tools/data/prepare_total_capture.py',
    ),
    'no_people': Source(
        'COCO images without people',
        _COCO,
        'annotations CC BY 4.0; images under their owners\' terms',
        'that nobody is there',
        '54,172 images of train2017',
        'python tools/data/prepare_no_people.py',
    ),
    'synthetic': Source(
        'rendered people',
        'made on your machine',
        'none needed',
        '133 points of body, feet, face and hands',
        'as many as asked for',
        'wholebody-mm synthesize --images 20000 --seed 1 --size 640x480 '
        '--out data/synthetic/train-640x480',
    ),
}  # fmt: skip


def advice(name: str) -> str:
    """Where to get a data set and what to run; nothing for one unknown."""
    source = SOURCES.get(name)
    if source is None:
        return ''
    run = f', then run `{source.command}`' if source.command else ''
    return f'Get {source.title} from {source.page}{run} (docs/data.md)'
