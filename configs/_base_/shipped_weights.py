"""Where the weights are that come with the package, also in a wheel."""

_base_ = []  # without it MMEngine takes the import for its other syntax


def _shipped_weights():
    from wholebody_mm.inference.weights import find_weights

    return str(find_weights(backend='torch'))


shipped_weights = _shipped_weights()
