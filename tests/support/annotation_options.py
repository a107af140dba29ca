"""What a command asks of its annotation file."""

import inspect

from wholebody_mm.evaluation.annotated_people import AnnotatedPeople

REFUSED = 'refused by the test'


def note_annotations(monkeypatch, module: str) -> list[dict]:
    """Arguments of each AnnotatedPeople of a module, which is then refused."""
    asked = []
    signature = inspect.signature(AnnotatedPeople)

    def refuse(*args, **kwargs):
        asked.append(signature.bind(*args, **kwargs).arguments)
        raise ValueError(REFUSED)

    monkeypatch.setattr(f'{module}.AnnotatedPeople', refuse)
    return asked
