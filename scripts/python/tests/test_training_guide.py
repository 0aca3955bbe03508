"""Do the five commands of docs/guide/Train.md work as written? (Needs torch, PyYAML, Fashion-MNIST and shiftsim.)"""

import json
import os
import pathlib
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch", reason="torch is needed for training only: scripts/requirements-training.txt")
pytest.importorskip("yaml", reason="PyYAML is needed for training only: scripts/requirements-training.txt")

from shiftsim_tools.paths import ROOT, SHIFTSIM  # noqa: E402
from shiftsim_tools.training import codesign, data, experiments, measure, run  # noqa: E402

torch.set_num_threads(1)
built = pytest.mark.skipif(not SHIFTSIM.is_file(), reason="swift build -c release --product shiftsim comes first")
images = pytest.mark.skipif(
    not pathlib.Path(os.environ.get("SHIFTSIM_FASHION_MNIST") or data.FASHION_MNIST).is_dir(),
    reason="apt-get install dataset-fashion-mnist",
)


def commands():
    """The lines of the page's block of five, continued lines joined."""
    page = (ROOT / "docs/guide/Train.md").read_text()
    block = page.split("```text\n")[1].split("```")[0]
    return block.replace("\\\n", " ").strip().splitlines()


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A folder with the parts of a clone that the commands name; its results are its own."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("configs", ".build"):
        (folder / name).symlink_to(ROOT / name)
    return folder


def test_there_are_five_commands():
    assert [line.split()[0].split("/")[-1] for line in commands()] == ["python"] * 3 + ["shiftsim", "python"]


@built
@images
def test_commands_work_as_written(clone):
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts/python")}
    for line in commands():
        words = [sys.executable if word == ".venv/bin/python" else word.strip("'") for word in line.split()]
        found = subprocess.run(words, cwd=clone, capture_output=True, text=True, env=environment)
        assert found.returncode == 0, f"{line}\n{found.stdout}\n{found.stderr}"
    report = json.loads((clone / "out/training/tiny-simulation/report.json").read_text())
    assert report["functional"]["mismatches"] == 0
    assert report["functional"]["accuracy"] > 0.2
    assert "| tiny-n-bq-3-short |" in (clone / "out/training/tiny.md").read_text()


@built
@images
def test_measurement_and_codesign(clone, capsys):
    folder = clone / "measured"
    tiny = experiments.preset("tiny-float")
    run.Run(experiments.merged(tiny, {"steps": 4}), folder / "float").train()
    start = str(folder / "float/model.pt")
    change = {"steps": 2, "start": start, "quantization": {"scheme": "lightnn-2"}, "data": {"test_images": 100}}
    run.Run(experiments.merged(tiny, change), folder / "lightnn-2").train()
    command = [str(folder / name) for name in ("float", "lightnn-2")] + ["--count", "20", "-o", str(folder / "t.md")]
    assert measure.main(command) == 0
    rows = [line.split("|")[1:-1] for line in (folder / "t.md").read_text().splitlines()]
    assert len({len(row) for row in rows}) == 1 and len(rows) == 4
    assert rows[3][0].strip() == "lightnn-2" and rows[3][7].strip().startswith("0 / ")
    options = ["--steps", "2", "--prices", "0,1", "--set", "data.test_images=100"]
    assert codesign.main([start, "-o", str(folder / "front"), *options]) == 0
    lines = (folder / "front/front.csv").read_text().splitlines()
    cycles = [int(line.split(",")[4]) for line in lines[1:]]
    assert [line.split(",")[0] for line in lines[1:]] == ["lightnn-1", "lightnn-2", "price-0", "price-1"]
    assert cycles[0] <= cycles[3] <= cycles[2] <= cycles[1]
    assert (folder / "front/front.png").read_bytes().startswith(b"\x89PNG")
    capsys.readouterr()


def test_front_keeps_what_nothing_beats():
    assert codesign.front([(0.9, 2.0), (0.8, 1.0), (0.8, 1.5), (0.95, 2.0)]) == [False, True, False, True]
