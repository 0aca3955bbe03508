"""Images to train on: 8-bit pixels in memory, normalized and augmented batch by batch.

Nothing is downloaded. What is missing ends in a `MissingDataError` that says where to get it and where to put it;
archives are checked by their published MD5.
"""

import dataclasses
import gzip
import hashlib
import math
import os
import pathlib
import tarfile

import numpy as np
import torch
import torch.nn.functional as F

from shiftsim_tools import cifar10

FASHION_MNIST = "/usr/share/datasets/fashion-mnist"
# Of the archives on the authors' pages.
MD5 = {
    "cifar-10-binary.tar.gz": "c32a1d4ab5d03f1284b67883e8d87530",
    "cifar-100-binary.tar.gz": "03b5dce01913d631647c71ecec9e9cb8",
    "train_32x32.mat": "e26dedcc434d2e4c54c9b2d4a06d8373",
    "test_32x32.mat": "eb5a983be6a315427106f1b164d9cef3",
}
PAGES = {
    "cifar-10": "Krizhevsky's CIFAR page, 'CIFAR-10 binary version'",
    "cifar-100": "Krizhevsky's CIFAR page, 'CIFAR-100 binary version'",
    "svhn": "the SVHN page of Stanford, 'Format 2: Cropped Digits'",
}


class MissingDataError(Exception):
    """A data set is not there, or not what it should be; the message says how to get it."""


@dataclasses.dataclass
class Images:
    """Pixels [N, C, H, W] and labels [N] of one part, 8 bits and 64; normalization of pixel / 255."""

    pixels: torch.Tensor
    labels: torch.Tensor
    mean: tuple
    std: tuple

    def __len__(self):
        return len(self.labels)

    def first(self, count):
        """The first `count` images (all where it is None)."""
        return dataclasses.replace(self, pixels=self.pixels[:count], labels=self.labels[:count])

    def batch(self, index, augment=None, generator=None):
        """Normalized images and labels; `augment`: shift and flip, see `augmented`."""
        pixels = self.pixels[index]
        if augment:
            pixels = augmented(pixels, generator=generator, **augment)
        mean, std = (torch.tensor(v).view(1, -1, 1, 1) for v in (self.mean, self.std))
        x = (pixels.float() / 255 - mean) / std
        return x.contiguous(memory_format=torch.channels_last), self.labels[index]


def augmented(pixels, shift=0, flip=False, generator=None):
    """Each image shifted by up to `shift` pixels (zeros move in) and mirrored at random."""
    n, channels, height, width = pixels.shape
    padded = F.pad(pixels, [shift] * 4)

    def offsets(size):
        return torch.randint(0, 2 * shift + 1, (n, 1), generator=generator) + torch.arange(size)

    rows, columns = offsets(height), offsets(width)
    if flip:
        mirrored = torch.rand(n, 1, generator=generator) < 0.5
        columns = torch.where(mirrored, columns.flip(1), columns)
    index = torch.arange(n)[:, None, None, None], torch.arange(channels)[None, :, None, None]
    return padded[(*index, rows[:, None, :, None], columns[:, None, None, :])]


def require(path, name, advice):
    path = pathlib.Path(path)
    if not path.exists():
        raise MissingDataError(f"{name}: no {path}; {advice}")
    return path


def checked(path, name):
    """The path of an archive, once its MD5 is the published one."""
    advice = f"get it from {PAGES[name]} and say where it is with data.path"
    path = require(path, name, advice)
    digest = hashlib.md5()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    if digest.hexdigest() != MD5[path.name]:
        raise MissingDataError(f"{name}: {path} has MD5 {digest.hexdigest()}, not {MD5[path.name]}; {advice}")
    return path


def read_idx(path, count=None):
    """One gzip-compressed IDX file of unsigned bytes, or its first `count` entries."""
    with gzip.open(path, "rb") as file:
        axes = file.read(4)[3]
        sizes = [int.from_bytes(file.read(4), "big") for _ in range(axes)]
        sizes[0] = min(sizes[0], sizes[0] if count is None else count)
        raw = file.read(math.prod(sizes))
    return np.frombuffer(raw, np.uint8).reshape(sizes)


def images(pixels, labels, mean, std):
    pixels = torch.from_numpy(np.array(pixels))
    return Images(pixels, torch.from_numpy(np.asarray(labels, np.int64).copy()), tuple(mean), tuple(std))


def fashion_mnist(path=None, limits=(None, None)):
    path = path or os.environ.get("SHIFTSIM_FASHION_MNIST") or FASHION_MNIST
    advice = "install the Debian package dataset-fashion-mnist, or say where the four .gz files are with data.path"
    parts = []
    for part, limit in zip(("train", "t10k"), limits, strict=True):
        files = [require(pathlib.Path(path) / f"{part}-{kind}-ubyte.gz", "fashion-mnist", advice) for kind in KINDS]
        parts.append(images(read_idx(files[0], limit)[:, None], read_idx(files[1], limit), [0.2860], [0.3530]))
    return parts


KINDS = ("images-idx3", "labels-idx1")
CIFAR10 = ((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616))
CIFAR100 = ((0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762))
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def archive_records(path, names, record):
    """Records of the named members of a .tar.gz, in order."""
    data = []
    with tarfile.open(path, "r:gz") as archive:
        members = {pathlib.PurePosixPath(member.name).name: member for member in archive.getmembers()}
        for name in names:
            data.append(archive.extractfile(members[name]).read())
    return np.frombuffer(b"".join(data), np.uint8).reshape(-1, record)


def cifar(path, name):
    """CIFAR-10 or CIFAR-100 (fine labels) of the binary archive in folder `path`."""
    if not path:
        raise MissingDataError(f"{name}: data.path is needed, the folder of {name}-binary.tar.gz ({PAGES[name]})")
    archive = checked(pathlib.Path(path) / f"{name}-binary.tar.gz", name)
    ten = name == "cifar-10"
    train = [f"data_batch_{i}.bin" for i in range(1, 6)] if ten else ["train.bin"]
    parts, label = [], 0 if ten else 1
    for members in (train, ["test_batch.bin" if ten else "test.bin"]):
        rows = archive_records(archive, members, label + 1 + 3072)
        pixels = rows[:, label + 1 :].reshape(-1, 3, 32, 32)
        parts.append(images(pixels, rows[:, label], *(CIFAR10 if ten else CIFAR100)))
    return parts


def cifar10_records(path, mean=None, std=None):
    """Records of CIFAR-10 in folder `path`: train*.bin or .bin.xz, and test*.bin or .bin.xz, the largest of each."""
    parts = []
    for part in ("train", "test"):
        found = sorted(pathlib.Path(path or ".").glob(f"{part}*.bin*"), key=lambda file: file.stat().st_size)
        if not found:
            raise MissingDataError(
                f"cifar-10-records: no {part}*.bin or .bin.xz in {path}; data.path names their folder"
            )
        import lzma

        data = lzma.decompress(found[-1].read_bytes()) if found[-1].suffix == ".xz" else found[-1].read_bytes()
        labels, pixels = cifar10.labels_and_pixels(data)
        parts.append(images(pixels, labels, mean or CIFAR10[0], std or CIFAR10[1]))
    return parts


def svhn(path):
    """Cropped digits of the two .mat files in folder `path`; pixels / 255 without further normalization."""
    try:
        from scipy.io import loadmat
    except ImportError:
        raise MissingDataError("svhn: its .mat files need scipy (pip install scipy)") from None
    parts = []
    for part in ("train", "test"):
        found = loadmat(checked(pathlib.Path(path or ".") / f"{part}_32x32.mat", "svhn"))
        parts.append(images(found["X"].transpose(3, 2, 0, 1), found["y"].ravel() % 10, [0.0] * 3, [1.0] * 3))
    return parts


def image_folder(path, size=224):
    """Folder `path` with train/CLASS/* and val/CLASS/*, as ImageNet is unpacked: short side 8/7 of `size`, centre crop.

    All pixels are held in memory, 150 KB an image of 224 x 224.
    """
    advice = "data.path names a folder with train/CLASS/*.jpg and val/CLASS/*.jpg (ImageNet: image-net.org, by request)"
    from PIL import Image

    parts = []
    names = sorted(folder.name for folder in require(f"{path}/train", "folder", advice).iterdir() if folder.is_dir())
    for part in ("train", "val"):
        root, pixels, labels = require(f"{path}/{part}", "folder", advice), [], []
        for label, name in enumerate(names):
            for file in sorted((root / name).iterdir()):
                with Image.open(file) as image:
                    pixels.append(cropped(image.convert("RGB"), size))
                labels.append(label)
        if not pixels:
            raise MissingDataError(f"folder: no images in {root}; {advice}")
        parts.append(images(np.stack(pixels), labels, *IMAGENET))
    return parts


def cropped(image, size):
    """[3, size, size] of the middle of an image whose short side becomes 8/7 of size."""
    scale = size * 8 / 7 / min(image.size)
    image = image.resize([max(size, round(side * scale)) for side in image.size])
    left, top = ((side - size) // 2 for side in image.size)
    return np.asarray(image.crop((left, top, left + size, top + size))).transpose(2, 0, 1)


SOURCES = {
    "fashion-mnist": fashion_mnist,
    "cifar-10": lambda path: cifar(path, "cifar-10"),
    "cifar-100": lambda path: cifar(path, "cifar-100"),
    "cifar-10-records": cifar10_records,
    "svhn": svhn,
    "folder": image_folder,
}


def load(name, path=None, limits=(None, None), **options):
    """[training images, test images] of a data set, at most so many of each."""
    if name not in SOURCES:
        raise ValueError(f"data.name: is '{name}'; accepted: {', '.join(SOURCES)}")
    # Of what is packed only the part that is asked for need be unpacked.
    found = SOURCES[name](path, **({"limits": limits} if name == "fashion-mnist" else {}), **options)
    return [part.first(limit) for part, limit in zip(found, limits, strict=True)]
