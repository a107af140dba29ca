"""COCO files as dictionaries."""


def file(*annotations, images=2, **more):
    """A content with images 1, 2, ..."""
    return dict(
        images=[
            dict(id=i, file_name=f'{i}.jpg') for i in range(1, images + 1)
        ],
        annotations=list(annotations),
        categories=[dict(id=0, name='Person')],
    ) | dict(more)


def somebody(**fields):
    """A person with two keypoints."""
    return dict(
        id=1,
        image_id=1,
        category_id=0,
        iscrowd=0,
        bbox=[10, 20, 30, 40],
        area=500,
        keypoints=[12, 22, 2, 30, 50, 1],
    ) | dict(fields)
