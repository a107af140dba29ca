import pytest

from wholebody_mm.codecs.options import options_of


def test_values_are_json_switches_or_text():
    assert options_of(
        [
            'peak_threshold=0.05',
            'part_threshold={"face": 0.2}',
            'grouping=bipartite',
            'enlarge=off',
            'maximize_positives=True',
        ]
    ) == dict(
        peak_threshold=0.05,
        part_threshold={'face': 0.2},
        grouping='bipartite',
        enlarge=False,
        maximize_positives=True,
    )


@pytest.mark.parametrize('text', ['gruping=greedy', 'enlarge', 'skeleton=a'])
def test_what_is_no_option_is_named(text):
    with pytest.raises(ValueError, match=f'{text}.*no option.*peak_threshold'):
        options_of([text])
