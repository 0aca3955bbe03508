"""Images of CIFAR-10 in its binary form: records of a label and 3 x 32 x 32 bytes."""

import lzma

import numpy as np

RECORD = 1 + 3 * 32 * 32


def read_records(path, first, count):
    """Records `first` to `first + count - 1` of a .bin file or of one packed by xz, as bytes."""
    with lzma.open(path) if path.suffix == ".xz" else path.open("rb") as file:
        file.seek(first * RECORD)
        data = file.read(count * RECORD)
    if len(data) != count * RECORD:
        raise SystemExit(f"{path} has no {count} images from {first}")
    return data


def labels_and_pixels(records):
    """Labels [N] and pixels [N, 3, 32, 32], as bytes."""
    rows = np.frombuffer(records, np.uint8).reshape(-1, RECORD)
    return rows[:, 0], rows[:, 1:].reshape(-1, 3, 32, 32)


def normalized(pixels, mean, std):
    """(pixel / 255 - mean) / std in float32; mean and std have one value, or one a channel."""
    mean, std = (np.array(values, np.float32).reshape(1, -1, 1, 1) for values in (mean, std))
    return (pixels.astype(np.float32) / 255 - mean) / std
