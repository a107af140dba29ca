"""A fork copies an engine without its threads."""

import os
import pickle
import signal

import numpy as np
import pytest

from wholebody_mm.inference.forks import HomeProcess
from wholebody_mm.inference.network import BACKENDS, load_network
from wholebody_mm.inference.weights import find_weights

pytestmark = [
    pytest.mark.skipif(not hasattr(os, 'fork'), reason='needs fork'),
    pytest.mark.filterwarnings('ignore:.*fork.*:DeprecationWarning'),
]


def in_a_child(check):
    """Whether it returns True in a forked process, which may hang."""
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        code = 1
        try:
            code = not check()
        finally:  # not on through the tests
            os._exit(code)
    return os.waitpid(child, 0)[1] == 0


def refused(function, *args):
    try:
        function(*args)
    except RuntimeError as error:
        return 'before this process was forked' in str(error)
    return False


@pytest.mark.parametrize('backend', BACKENDS)
def test_a_network_of_the_parent_is_refused(backend):
    if backend == 'torch':
        pytest.importorskip('mmpose')
    pytest.importorskip(backend)
    weights = find_weights('fast_wholebody', backend)
    network = load_network(weights, backend=backend, threads=2)
    images = np.zeros((1, 64, 64, 3), np.uint8)
    network(images)
    assert in_a_child(lambda: refused(network, images))
    network(images)


@pytest.mark.parametrize('backend', ['onnxruntime', 'torch'])
def test_one_thread_goes_on(backend):
    if backend == 'torch':
        pytest.importorskip('mmpose')
    weights = find_weights('fast_wholebody', backend)
    network = load_network(weights, backend=backend, threads=1)
    images = np.zeros((1, 64, 64, 3), np.uint8)
    expected = network(images)[0]
    assert in_a_child(lambda: np.array_equal(network(images)[0], expected))


def test_what_is_unpickled_is_at_home():
    home = HomeProcess()
    stored = pickle.dumps(home)
    assert in_a_child(lambda: refused(home.check, 'a.onnx'))
    assert in_a_child(lambda: pickle.loads(stored).check('a.onnx') is None)
