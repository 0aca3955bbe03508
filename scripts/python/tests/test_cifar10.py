"""Are records read as they were written?"""

import lzma

import numpy as np
import pytest

from shiftsim_tools import cifar10


@pytest.fixture(params=["images.bin", "images.bin.xz"])
def images(request, tmp_path):
    content = bytes(np.arange(4 * cifar10.RECORD, dtype=np.uint32).astype(np.uint8))
    path = tmp_path / request.param
    path.write_bytes(lzma.compress(content) if path.suffix == ".xz" else content)
    return path, content


def test_records(images):
    path, content = images
    assert cifar10.read_records(path, 1, 2) == content[cifar10.RECORD : 3 * cifar10.RECORD]
    with pytest.raises(SystemExit, match="has no 2 images from 3"):
        cifar10.read_records(path, 3, 2)


def test_labels_pixels_and_normalization(images):
    labels, pixels = cifar10.labels_and_pixels(images[1])
    assert labels.tolist() == [0, 1, 2, 3]
    assert pixels.shape == (4, 3, 32, 32)
    assert pixels[0, 0, 0, 0] == 1
    found = cifar10.normalized(pixels, [0.5, 0, 0], [0.25, 1, 1])
    assert found[0, 0, 0, 0] == pytest.approx((1 / 255 - 0.5) / 0.25)
    assert found.dtype == np.float32
