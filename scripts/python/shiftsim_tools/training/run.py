"""One training run in a folder: steps, checkpoints, metrics and the trained network.

Everything random follows from the seed and the number of the step, so that a run that was stopped and resumed ends with
the same bits as one that was not. Files appear whole: written beside, then renamed.
"""

import csv
import io
import json
import math
import os
import pathlib
import time

import torch
import torch.nn.functional as F
from torch import nn

from shiftsim_tools.training import data, layers, networks, quantizers

COLUMNS = ("step", "steps", "loss", "penalty", "rate", "a", "cpu_s")
CLASSES = {"cifar-100": 100}


def write_whole(path, content):
    """Bytes under a name that shows all of them or the file before."""
    path = pathlib.Path(path)
    new = path.with_name(f".new-{path.name}")
    with new.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)


def save(path, state):
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_whole(path, buffer.getvalue())


def load(path):
    return torch.load(path, map_location="cpu", weights_only=True)


def load_costs(path):
    """Cycles of one filter pass of each layer by name, of a layers.csv that `shiftsim simulate` wrote."""
    if path is None:
        return None
    with open(path, newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["filter_passes"]]
    return {row["name"]: float(row["cycles"]) / float(row["filter_passes"]) for row in rows}


def float_network(config, images):
    """The network that quantization starts from."""
    torch.manual_seed(config["seed"])
    _, channels, _, size = images.pixels.shape
    classes = CLASSES.get(config["data"]["name"], max(10, int(images.labels.max()) + 1))
    model = networks.build(config["network"], channels, classes, size)
    start = config["start"]
    if start == "scratch":
        return model
    if not pathlib.Path(start).is_file():
        raise data.MissingDataError(
            f"start: no file {start}; accepted: scratch, an .onnx file, the model.pt of a float run"
        )
    if start.endswith(".onnx"):
        return networks.load_onnx(model, start)
    saved = load(start)
    if saved["config"]["quantization"]["scheme"] != "float":
        raise data.MissingDataError(
            f"start: {start} is not a float network but {saved['config']['quantization']['scheme']}"
        )
    model.load_state_dict(saved["model"])
    return model


def quantized(config, model):
    given = config["quantization"]
    return layers.convert(
        model, given["scheme"], given["weight_bits"], given["activation_bits"], given["keep"], **given["options"]
    )


def trained_model(path):
    """(network in eval mode, configuration) of a model.pt."""
    saved = load(path)
    config = saved["config"]
    model = networks.build(config["network"], *saved["shape"])
    model = quantized(config, model)
    model.load_state_dict(saved["model"])
    return model.eval(), config


def rate_at(config, step, steps):
    """The factor of the learning rate."""
    given, done = config["optimizer"], (step + 1) / steps
    if given["schedule"] == "constant":
        return 1.0
    if given["schedule"] == "steps":
        return 0.1 ** sum(done > drop for drop in given["drops"])
    warmup = given["warmup"]
    if done < warmup:
        return done / warmup
    return 0.5 * (1 + math.cos(math.pi * (done - warmup) / (1 - warmup)))


@torch.no_grad()
def recalibrate(model, images, batches, batch=250, seed=0):
    """Statistics of batch normalization and ranges of activations anew, with the weights of inference."""
    if not batches:
        return
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    model.eval()
    for module in model.modules():
        if isinstance(module, quantizers.Activation):
            module.reset()
            module.train()
    for module in norms:
        module.reset_running_stats()
        module.momentum = None
        module.train()
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))[: batches * batch]
    for index in order.split(batch):
        model(images.batch(index)[0])
    for module in norms:
        module.momentum = 0.1
    model.eval()


@torch.no_grad()
def accuracy(model, images, batch=250):
    """Top-1 as inference sees it, of all images."""
    model.eval()
    right = 0
    for index in torch.arange(len(images)).split(batch):
        x, labels = images.batch(index)
        right += int((model(x).argmax(1) == labels).sum())
    return right / len(images)


class Run:
    """A run in `folder`; `train` goes on where the folder's checkpoint is."""

    def __init__(self, config, folder, progress=None):
        self.config, self.folder = config, pathlib.Path(folder)
        self.progress = progress or (lambda text: None)
        torch.set_num_threads(config["threads"])
        given = config["data"]
        limits = given["train_images"], given["test_images"]
        self.train_images, self.test_images = data.load(given["name"], given["path"], limits, **given["options"])
        if len(self.train_images) < config["batch"]:
            raise ValueError(f"batch: is {config['batch']}; accepted: at most the {len(self.train_images)} images")
        self.epoch_steps = len(self.train_images) // config["batch"]
        self.steps = config["steps"] or max(1, round(config["epochs"] * self.epoch_steps))
        self.costs = load_costs(config["penalty"]["costs"])
        self.step, self.rows, self.before = 0, [], {}

    def train(self, stop=lambda taken: False):
        """Trains to the end, or until `stop` of the steps that this call took. True when the run is complete."""
        self.folder.mkdir(parents=True, exist_ok=True)
        started = time.process_time() - self._restore()
        taken = 0
        while self.step < self.steps:
            if stop(taken):
                self._checkpoint(time.process_time() - started)
                return False
            self._take_step()
            taken += 1
            last = self.step == self.steps
            if self.step % self.config["checkpoint_steps"] == 0 or last:
                self._checkpoint(time.process_time() - started)
            if self.step % 10 == 0 or last:
                self._note(time.process_time() - started)
        self._finish(time.process_time() - started)
        return True

    def _restore(self):
        """The state of the checkpoint, or a new one; processor seconds that were spent before."""
        path = self.folder / "checkpoint.pt"
        saved = load(path) if path.is_file() else None
        if saved and saved["config"] != self.config:
            raise ValueError(f"{self.folder} holds a run of another configuration; name another folder with -o")
        source = self.config if saved is None else {**self.config, "start": "scratch"}
        self.model = quantized(self.config, float_network(source, self.train_images))
        self.model = self.model.to(memory_format=torch.channels_last)
        given = self.config["optimizer"]
        groups = layers.parameter_groups(self.model, given["rate"], given["decay"], given["threshold_rate"])
        self.rates = [group["lr"] for group in groups]
        if given["kind"] == "adam":
            self.optimizer = torch.optim.Adam(groups, given["rate"])
        else:
            momentum = given["momentum"]
            self.optimizer = torch.optim.SGD(groups, given["rate"], momentum=momentum, nesterov=momentum > 0)
        if saved is None:
            self._measure_before()
            return 0.0
        self.model.load_state_dict(saved["model"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.step, self.rows, self.before = saved["step"], saved["rows"], saved["before"]
        return saved["cpu_s"]

    def _measure_before(self):
        """Accuracy of rounding alone, of a network that starts from another one."""
        if self.config["start"] == "scratch":
            return
        state = {name: value.clone() for name, value in self.model.state_dict().items()}
        self._calibrate_activations()
        self.before["accuracy_rounded"] = accuracy(self.model, self.test_images)
        recalibrate(self.model, self.train_images, self.config["recalibrate"])
        self.before["accuracy_recalibrated"] = accuracy(self.model, self.test_images)
        self.model.load_state_dict(state)
        self._calibrate_activations()

    @torch.no_grad()
    def _calibrate_activations(self):
        found = [module for module in self.model.modules() if isinstance(module, quantizers.Activation)]
        if not found:
            return
        self.model.eval()
        for module in found:
            module.train()
        self.model(self.train_images.batch(torch.arange(min(250, len(self.train_images))))[0])

    def _take_step(self):
        config, step = self.config, self.step
        epoch, place = divmod(step, self.epoch_steps)
        periods = config["periods"]
        period = step * periods // self.steps
        if step == 0 or period != (step - 1) * periods // self.steps:
            layers.advance(self.model, period / periods)
        self.a = quantizers.mix_at(period / periods)
        order = torch.randperm(len(self.train_images), generator=_generator(config["seed"], epoch, 1))
        index = order[place * config["batch"] : (place + 1) * config["batch"]]
        augment = config["augment"] if any(config["augment"].values()) else None
        x, labels = self.train_images.batch(index, augment, _generator(config["seed"], step, 2))
        factor = rate_at(config, step, self.steps)
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = rate * factor
        self.model.train()
        loss = F.cross_entropy(self.model(x), labels)
        given = config["penalty"]
        extra = layers.penalty(self.model, given["residual"], given["passes"], self.costs)
        self.optimizer.zero_grad()
        (loss + extra).backward()
        self.optimizer.step()
        self.step += 1
        self.losses = (float(loss.detach()), float(extra.detach()), config["optimizer"]["rate"] * factor)

    def _note(self, cpu):
        loss, extra, rate = self.losses
        values = (
            self.step,
            self.steps,
            round(loss, 5),
            round(extra, 5),
            round(rate, 6),
            round(self.a, 4),
            round(cpu, 1),
        )
        self.rows.append(list(values))
        self.progress(f"step {self.step}/{self.steps} loss {loss:.4f} rate {rate:.4f} {cpu:.0f} s")

    def _checkpoint(self, cpu):
        state = {
            "config": self.config,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "rows": self.rows,
            "before": self.before,
            "cpu_s": cpu,
        }
        save(self.folder / "checkpoint.pt", state)
        self._write_metrics()

    def _write_metrics(self):
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([COLUMNS, *self.rows])
        write_whole(self.folder / "metrics.csv", text.getvalue().encode())

    def _finish(self, cpu):
        layers.advance(self.model, 1.0)
        recalibrate(self.model, self.train_images, self.config["recalibrate"])
        top1 = accuracy(self.model, self.test_images)
        shape = [self.train_images.pixels.shape[1], self._classes(), self.train_images.pixels.shape[3]]
        save(self.folder / "model.pt", {"config": self.config, "shape": shape, "model": self.model.state_dict()})
        result = {
            "accuracy": top1,
            "test_images": len(self.test_images),
            **self.before,
            "steps": self.steps,
            "train_images": len(self.train_images),
            "cpu_s": round(cpu, 1),
            "storage_bits": layers.storage_bits(self.model),
            "filters_by_terms": layers.filters_by_terms(self.model),
        }
        write_whole(self.folder / "result.json", (json.dumps(result, indent=1) + "\n").encode())
        self._write_metrics()
        self.result = result

    def _classes(self):
        return self.model.linear.out_features if getattr(self.model, "linear", None) is not None else self._outputs()

    def _outputs(self):
        return self.model(self.train_images.batch(torch.arange(1))[0]).shape[1]


def _generator(seed, number, purpose):
    return torch.Generator().manual_seed((seed * 1_000_003 + number) * 8 + purpose)
