"""Do training runs read their data and configuration, stop, resume and leave whole files? (Needs torch and PyYAML.)"""

import gzip
import json
import os
import pathlib
import signal
import subprocess
import sys
import tarfile

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is needed for training only: scripts/requirements-training.txt")
yaml = pytest.importorskip("yaml", reason="PyYAML is needed for training only: scripts/requirements-training.txt")

from shiftsim_tools.training import data, experiments, networks, run, train  # noqa: E402

torch.set_num_threads(1)


def write_idx(path, array):
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    with gzip.open(path, "wb") as file:
        file.write(bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes())


@pytest.fixture(scope="module")
def fashion(tmp_path_factory):
    """A folder like that of dataset-fashion-mnist: classes are bright rows of their own."""
    folder = tmp_path_factory.mktemp("fashion")
    random = np.random.default_rng(5)
    for part, count in (("train", 96), ("t10k", 40)):
        labels = random.integers(0, 10, count).astype(np.uint8)
        pixels = random.integers(0, 60, (count, 28, 28)).astype(np.uint8)
        for image, label in zip(pixels, labels, strict=True):
            image[2 * label : 2 * label + 4] = 250
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", pixels)
        write_idx(folder / f"{part}-labels-idx1-ubyte.gz", labels)
    return folder


def configuration(fashion, **changes):
    tiny = {
        "network": "resnet-8",
        "data": {"name": "fashion-mnist", "path": str(fashion)},
        "augment": {"shift": 2, "flip": True},
        "optimizer": {"rate": 0.02},
        "batch": 16,
        "steps": 8,
        "periods": 4,
        "recalibrate": 1,
        "checkpoint_steps": 3,
    }
    return experiments.resolved(experiments.merged(tiny, changes))


# ---------------------------------------------------------------- networks


@pytest.mark.parametrize(
    ("name", "shape", "classes", "parameters"),
    [
        # Of the authors' and akamaster's tables: all parameters, option-A shortcuts.
        ("resnet-20", (3, 32), 10, 269_722),
        ("resnet-56", (3, 32), 10, 853_018),
        ("resnet-110", (3, 32), 10, 1_727_962),
        ("densenet-bc-100", (3, 32), 10, 769_162),
        # 3,487,104 weights (papers, table I) and two numbers for each channel of its normalizations.
        ("n-bq-nn", (3, 32), 10, 3_487_104 + 2 * (3 * 128 + 3 * 256 + 512 + 1024 + 10)),
        ("resnet-20", (1, 28), 10, 269_722 - 2 * 144),
        ("vgg-small", (1, 28), 10, None),
        ("alexnet-bn", (3, 224), 1000, None),
        ("resnet-8", (3, 224), 1000, None),
    ],
)
def test_networks_have_their_size(name, shape, classes, parameters):
    with torch.device("meta"):
        model = networks.build(name, shape[0], classes, shape[1])
        assert model(torch.zeros(2, shape[0], shape[1], shape[1])).shape == (2, classes)
    if parameters:
        assert sum(p.numel() for p in model.parameters()) == parameters


def test_unknown_networks_and_sizes_are_refused():
    with pytest.raises(ValueError, match="accepted: resnet-8"):
        networks.build("lenet", 1, 10, 28)
    with pytest.raises(ValueError, match="accepted: 224"):
        networks.build("alexnet-bn", 3, 10, 32)


# ---------------------------------------------------------------- data


def test_fashion_mnist_is_read_and_normalized(fashion):
    train_images, test_images = data.load("fashion-mnist", fashion)
    assert (len(train_images), len(test_images)) == (96, 40)
    x, labels = train_images.batch(torch.arange(5))
    assert x.shape == (5, 1, 28, 28) and labels.dtype == torch.int64
    pixel = float(train_images.pixels[3, 0, 7, 9])
    assert float(x[3, 0, 7, 9]) == pytest.approx((pixel / 255 - 0.2860) / 0.3530, abs=1e-6)


def test_augmentation_shifts_and_mirrors():
    pixels = torch.zeros(200, 2, 8, 8, dtype=torch.uint8)
    pixels[:, 0, 4, 2] = 9
    pixels[:, 1, 4, 2] = 7
    moved = data.augmented(pixels, shift=1, flip=True, generator=torch.Generator().manual_seed(1))
    places = {tuple(place) for place in moved[:, 0].nonzero()[:, 1:].tolist()}
    assert places == {(row, column) for row in (3, 4, 5) for column in (1, 2, 3, 4, 5, 6)}
    assert torch.equal(moved[:, 0] * 7, moved[:, 1] * 9)
    assert torch.equal(data.augmented(pixels), pixels)


def archive(folder, name, members):
    with tarfile.open(folder / f"{name}-binary.tar.gz", "w:gz") as tar:
        for member, rows in members.items():
            (folder / member).write_bytes(rows.tobytes())
            tar.add(folder / member, f"{name}-batches/{member}")


@pytest.mark.parametrize(("name", "label"), [("cifar-10", 0), ("cifar-100", 1)])
def test_cifar_archives_are_read_once_their_checksum_agrees(tmp_path, monkeypatch, name, label):
    rows = np.random.default_rng(1).integers(0, 10, (4, label + 1 + 3072)).astype(np.uint8)
    train = [f"data_batch_{i}.bin" for i in range(1, 6)] if name == "cifar-10" else ["train.bin"]
    test = "test_batch.bin" if name == "cifar-10" else "test.bin"
    archive(tmp_path, name, dict.fromkeys([*train, test], rows))
    with pytest.raises(data.MissingDataError, match=r"has MD5 .* not "):
        data.load(name, tmp_path)
    monkeypatch.setattr(data, "checked", lambda path, name: path)
    train_images, test_images = data.load(name, tmp_path)
    assert len(train_images) == 4 * len(train)
    assert test_images.labels.tolist() == rows[:, label].tolist()
    assert torch.equal(test_images.pixels.flatten(1), torch.from_numpy(rows[:, label + 1 :].copy()))


def test_cifar_records_are_read(tmp_path):
    rows = np.random.default_rng(1).integers(0, 10, (4, 3073)).astype(np.uint8)
    (tmp_path / "train-4.bin").write_bytes(rows.tobytes())
    (tmp_path / "test-2.bin").write_bytes(rows[:2].tobytes())
    parts = data.load("cifar-10-records", tmp_path, mean=[0.5] * 3, std=[0.25] * 3)
    assert [len(part) for part in parts] == [4, 2]
    assert parts[0].mean == (0.5, 0.5, 0.5)


def test_image_folders_are_cropped_to_size(tmp_path):
    image = pytest.importorskip("PIL.Image", reason="Pillow reads image folders")
    for part in ("train", "val"):
        for value, name in ((30, "ant"), (220, "bee")):
            (tmp_path / part / name).mkdir(parents=True)
            image.new("RGB", (90, 60), (value, value, value)).save(tmp_path / part / name / "1.png")
    train_images, _ = data.load("folder", tmp_path, size=28)
    assert train_images.pixels.shape == (2, 3, 28, 28)
    assert train_images.labels.tolist() == [0, 1] and int(train_images.pixels[1].min()) == 220


@pytest.mark.parametrize("name", ["fashion-mnist", "cifar-10", "cifar-100", "cifar-10-records", "folder"])
def test_missing_data_says_how_to_get_it(tmp_path, name):
    with pytest.raises(data.MissingDataError, match=r"data\.path"):
        data.load(name, tmp_path / "nowhere")


# ---------------------------------------------------------------- configuration


@pytest.mark.parametrize("name", experiments.PRESETS)
def test_presets_are_configurations(name):
    full = experiments.preset(name)
    short = experiments.resolved(experiments.shortened(full))
    assert short["steps"] <= 300 and short["network"] == full["network"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"netwrk": "resnet-20"}, "netwrk: unknown key; accepted: network"),
        ({"network": "lenet"}, "network: is 'lenet'; accepted: resnet-8"),
        ({"data": {"name": "mnist"}}, "data.name: is 'mnist'; accepted: fashion-mnist"),
        ({"data": 3}, "data: accepted: a mapping"),
        ({"batch": "many"}, "batch: is 'many'; accepted: a whole number"),
        ({"batch": -1}, "batch: is '-1'; accepted: 0 or more"),
        ({"augment": {"flip": 1}}, "augment.flip: is '1'; accepted: true, false"),
        ({"quantization": {"activation_bits": 4}}, "accepted: 1, 8, 16"),
    ],
)
def test_wrong_configurations_name_the_key(given, message):
    with pytest.raises(experiments.ConfigurationError, match=message):
        experiments.resolved(given)


@pytest.mark.parametrize(("arguments", "code"), [(["--preset", "nothing"], 2), (["nowhere.yaml"], 2), (["--list"], 0)])
def test_exit_codes(arguments, code, capsys):
    assert train.main(arguments) == code
    assert capsys.readouterr()


# ---------------------------------------------------------------- runs


def state(folder):
    return torch.load(folder / "model.pt", weights_only=True)["model"]


def test_a_resumed_run_ends_with_the_same_bits(tmp_path, fashion):
    changes = {
        "quantization": {"scheme": "flightnn", "activation_bits": 8},
        "penalty": {"residual": [0.0, 0.1], "passes": 0.1},
    }
    config = configuration(fashion, **changes)
    assert run.Run(config, tmp_path / "whole").train()
    for steps in (1, 4):
        assert not run.Run(config, tmp_path / "parts").train(lambda taken, steps=steps: taken == steps)
        assert not (tmp_path / "parts/model.pt").exists()
    assert run.Run(config, tmp_path / "parts").train()
    whole, parts = state(tmp_path / "whole"), state(tmp_path / "parts")
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    rows = [(tmp_path / name / "metrics.csv").read_text().splitlines() for name in ("whole", "parts")]
    # All but the processor seconds.
    assert [row.rsplit(",", 1)[0] for row in rows[0]] == [row.rsplit(",", 1)[0] for row in rows[1]]
    assert not list((tmp_path / "parts").glob(".new-*"))


def test_seeds_make_runs(tmp_path, fashion):
    states = []
    for seed in (1, 2):
        run.Run(configuration(fashion, seed=seed, steps=2), tmp_path / str(seed)).train()
        states.append(state(tmp_path / str(seed)))
    assert not torch.equal(states[0]["conv1.weight"], states[1]["conv1.weight"])


def test_a_folder_keeps_its_configuration(tmp_path, fashion):
    run.Run(configuration(fashion), tmp_path).train(lambda taken: taken == 1)
    with pytest.raises(ValueError, match="another configuration"):
        run.Run(configuration(fashion, seed=9), tmp_path).train()


def test_fine_tuning_learns_from_a_float_network(tmp_path, fashion):
    config = configuration(
        fashion, steps=24, batch=32, optimizer={"rate": 0.1}, augment={"shift": 0, "flip": False}, recalibrate=4
    )
    run.Run(config, tmp_path / "float").train()
    change = {"start": str(tmp_path / "float/model.pt"), "quantization": {"scheme": "n-bq", "weight_bits": 2}}
    tuned = run.Run(experiments.merged(config, {**change, "optimizer": {"rate": 0.02}}), tmp_path / "tuned")
    tuned.train()
    found = json.loads((tmp_path / "tuned/result.json").read_text())
    assert found["accuracy"] > found["accuracy_rounded"]
    assert found["accuracy"] > 0.3
    model, _ = run.trained_model(tmp_path / "tuned/model.pt")
    assert run.accuracy(model, tuned.test_images) == found["accuracy"]
    with pytest.raises(data.MissingDataError, match="is not a float network"):
        run.float_network({**config, "start": str(tmp_path / "tuned/model.pt")}, tuned.train_images)


def test_signals_end_a_run_with_a_checkpoint(tmp_path, fashion):
    path = tmp_path / "run.yaml"
    path.write_text(yaml.safe_dump(configuration(fashion, steps=100_000)))
    folder = pathlib.Path(run.__file__).resolve().parents[2]
    command = [sys.executable, "-m", "shiftsim_tools.training.train", str(path), "-o", str(tmp_path / "out")]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(folder)}
    )
    assert "step 10/" in process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    assert "stopped at step" in process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert (tmp_path / "out/checkpoint.pt").is_file()
