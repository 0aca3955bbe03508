"""Train ResNet-20 on Fashion-MNIST, quantize it to 3-bit n-BQ weights, export it as ONNX.

Three stages, each kept as a checkpoint in --work so that a later one can be repeated alone:

  float     train the float network from scratch;
  quant     fine-tune it with 3-bit power-of-two weights (n-BQ: Chen et al., IEEE TNNLS 2020);
  export    write the ONNX file (weights as int8 codes sign*2^k, k in 0..2) and check it with
            onnxruntime on the 10,000 test images.

    python -m shiftsim_tools.training.train_resnet20_fmnist --stage all

The test images are used only to report accuracy: no epoch, threshold or option is picked by
them inside the script, and the weights kept are the last ones.
"""

import argparse
import gzip
import math
import os
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

MEAN, STD = 0.2860, 0.3530  # of pixel / 255 over the training images
CLASSES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
THRESHOLDS = (0.02, 0.07, 0.14)  # staircase steps, as fractions of max|W|
LEVELS = (0.25, 0.5, 1.0)  # staircase levels, times a power-of-two scale


# ---------------------------------------------------------------- data


def read_idx(path):
    """One gzip-compressed IDX file of unsigned bytes, as an array."""
    with gzip.open(path, "rb") as file:
        raw = file.read()
    dims = [int.from_bytes(raw[4 + 4 * i : 8 + 4 * i], "big") for i in range(raw[3])]
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(dims)


def load(folder, part):
    """Normalised images [N,1,28,28] and labels of one part ("train" or "t10k")."""
    images = read_idx(os.path.join(folder, f"{part}-images-idx3-ubyte.gz"))
    labels = read_idx(os.path.join(folder, f"{part}-labels-idx1-ubyte.gz"))
    x = (images.astype(np.float32) / 255 - MEAN) / STD
    return torch.from_numpy(x).unsqueeze(1), torch.from_numpy(labels.astype(np.int64))


def augment(x, shift=2):
    """Random shift by up to `shift` pixels and random left-right flip, image by image."""
    n, _, h, w = x.shape
    padded = F.pad(x, [shift] * 4, value=-MEAN / STD)
    rows = torch.randint(0, 2 * shift + 1, (n, 1)) + torch.arange(h)
    cols = torch.randint(0, 2 * shift + 1, (n, 1)) + torch.arange(w)
    cols = torch.where(torch.rand(n, 1) < 0.5, cols, cols.flip(1))
    return padded[torch.arange(n)[:, None, None], 0, rows[:, :, None], cols[:, None, :]].unsqueeze(1)


# ---------------------------------------------------------------- n-BQ


def staircase(w):
    """The staircase of unit scale: 0, +-1/4, +-1/2 or +-1 for every weight."""
    a = w.abs() / w.abs().max()
    t, v = THRESHOLDS, LEVELS
    q = v[0] * (a >= t[0]) + (v[1] - v[0]) * (a >= t[1]) + (v[2] - v[1]) * (a >= t[2])
    return q * w.sign()


class Quantized:
    """Mixed into Conv2d and Linear: the weight they compute with, float or n-BQ."""

    quantized = False  # the float network

    def start_quantizing(self):
        """Fixes the scale: the power of two nearest to the least-squares one."""
        with torch.no_grad():
            q = staircase(self.weight)
            best = (self.weight * q).sum() / (q * q).sum()
            self.register_buffer("scale", 2.0 ** torch.log2(best).round())
            self.register_buffer("mix", torch.tensor(0.0))  # a: share of the float weight
            self.register_buffer("gain", torch.tensor(1.0))  # of the gradient handed to W
        self.quantized = True

    def effective(self):
        """(1-a) * staircase(W) + a * W, its gradient passed straight to W times `gain`."""
        w = self.weight
        if not self.quantized:
            return w
        value = ((1 - self.mix) * self.scale * staircase(w) + self.mix * w).detach()
        return value + self.gain * (w - w.detach())

    def codes(self):
        """int8 codes sign*2^k, k in 0..2, and the power-of-two scale of one code step."""
        q = staircase(self.weight.detach()) / LEVELS[0]
        return q.to(torch.int8).numpy(), float(self.scale) * LEVELS[0]


class QConv(Quantized, nn.Conv2d):
    def forward(self, x):
        return F.conv2d(x, self.effective(), None, self.stride, self.padding)


class QLinear(Quantized, nn.Linear):
    def forward(self, x):
        return F.linear(x, self.effective(), self.bias)


# ---------------------------------------------------------------- network


def conv3x3(cin, cout, stride=1):
    return QConv(cin, cout, 3, stride, 1, bias=False)


class Block(nn.Module):
    """Basic block; where the shape changes, the shortcut is option A (subsample, zero-pad)."""

    def __init__(self, cin, cout, stride):
        super().__init__()
        self.conv1, self.bn1 = conv3x3(cin, cout, stride), nn.BatchNorm2d(cout)
        self.conv2, self.bn2 = conv3x3(cout, cout), nn.BatchNorm2d(cout)
        self.pad = (cout - cin) // 2

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        if self.pad:
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.pad, self.pad))
        return F.relu(y + x)


class ResNet20(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = conv3x3(1, 16), nn.BatchNorm2d(16)
        widths = (16, 16, 32, 64)
        for stage in (1, 2, 3):
            cin, cout = widths[stage - 1], widths[stage]
            blocks = [Block(cin, cout, 1 if stage == 1 else 2), Block(cout, cout, 1), Block(cout, cout, 1)]
            setattr(self, f"layer{stage}", nn.Sequential(*blocks))
        self.linear = QLinear(64, 10)
        for m in self.modules():
            if isinstance(m, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(m.weight)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(x.mean((2, 3)))

    def quantized_layers(self):
        return [m for m in self.modules() if isinstance(m, Quantized)]


# ---------------------------------------------------------------- training


@torch.no_grad()
def accuracy(net, x, y):
    """Top-1 per cent in float32, and as quantized layers see it: with pure staircase weights."""
    net.eval()
    right = sum((net(a).argmax(1) == b).sum().item() for a, b in zip(x.split(500), y.split(500), strict=False))
    return 100 * right / len(y)


@torch.no_grad()
def recalibrate(net, x, batches=40, batch=500):
    """Batch-norm statistics anew (float32, no augmentation), as the mean over the batches."""
    norms = [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]
    for m in norms:
        m.reset_running_stats()
        m.momentum = None  # cumulative mean
    net.train()
    for part in x[torch.randperm(len(x))[: batches * batch]].split(batch):
        net(part)
    for m in norms:
        m.momentum = 0.1
    net.eval()


def fit(net, x, y, epochs, lr, decay, batch, warmup, before_epoch=None, after_epoch=None, stop=None):
    """SGD with Nesterov momentum and a one-cycle rate (linear warm-up, then cosine to zero)."""
    steps = len(x) // batch
    opt = torch.optim.SGD(net.parameters(), lr, momentum=0.9, nesterov=True, weight_decay=decay)

    def rate(step):
        t = (step + 1) / (steps * epochs)
        return t / warmup if t < warmup else 0.5 * (1 + math.cos(math.pi * (t - warmup) / (1 - warmup)))

    schedule = torch.optim.lr_scheduler.LambdaLR(opt, rate)
    for epoch in range(epochs):
        if before_epoch:
            before_epoch(epoch)
        net.train()
        start, total = time.time(), 0.0
        for picked in torch.randperm(len(x))[: steps * batch].split(batch):
            if schedule.last_epoch == stop:
                return
            with torch.autocast("cpu", torch.bfloat16):
                out = net(augment(x[picked]))
            loss = F.cross_entropy(out.float(), y[picked])
            opt.zero_grad()
            loss.backward()
            opt.step()
            schedule.step()
            total += loss.item()
        note = after_epoch(epoch) if after_epoch else ""
        print(f"epoch {epoch + 1}/{epochs} loss {total / steps:.4f} {time.time() - start:.0f} s {note}", flush=True)


def train_float(args, train, test):
    torch.manual_seed(args.seed)
    net = ResNet20()
    fit(
        net,
        *train,
        args.epochs,
        args.lr,
        5e-4,
        args.batch,
        0.2,
        stop=args.stop_step,
        after_epoch=lambda e: f"test {accuracy(net, *test):.2f} %" if e % 5 == 4 else "",
    )
    recalibrate(net, train[0])
    print(f"float: test {accuracy(net, *test):.2f} %")
    torch.save(net.state_dict(), os.path.join(args.work, "float.pt"))


def train_quant(args, train, test):
    torch.manual_seed(args.seed + 1)
    net = ResNet20()
    net.load_state_dict(torch.load(os.path.join(args.work, "float.pt")))
    for m in net.quantized_layers():
        m.start_quantizing()
    print(f"3-bit without fine-tuning: test {accuracy(net, *test):.2f} %")
    recalibrate(net, train[0])
    print(f"  with batch norm recalibrated: test {accuracy(net, *test):.2f} %", flush=True)

    def set_mix(value):
        for m in net.quantized_layers():
            m.mix.fill_(value)
            m.gain.fill_(value if args.gradient == "paper" else 1.0)

    def report(_):
        set_mix(0.0)
        return f"test (pure n-BQ weights) {accuracy(net, *test):.2f} %"

    fit(
        net,
        *train,
        args.quant_epochs,
        args.quant_lr,
        args.quant_decay,
        args.batch,
        0.1,
        stop=args.quant_stop_step,
        before_epoch=lambda e: set_mix(1 - 0.5 * 2 ** (e / max(1, args.quant_epochs - 1))),
        after_epoch=report,
    )
    set_mix(0.0)
    recalibrate(net, train[0], 16)
    print(f"3-bit: test {accuracy(net, *test):.2f} %")
    torch.save(net.state_dict(), os.path.join(args.work, "quant.pt"))


# ---------------------------------------------------------------- export


def export(args, _, test):
    import onnxruntime

    from shiftsim_tools.training.resnet20_onnx import build_onnx

    net = ResNet20()
    for m in net.quantized_layers():
        m.start_quantizing()
    net.load_state_dict(torch.load(os.path.join(args.work, "quant.pt")))
    build_onnx(
        net,
        args.out,
        {
            "input_mean": f"{MEAN:.4f}",
            "input_std": f"{STD:.4f}",
            "dataset": "fashion-mnist",
            "classes": ",".join(CLASSES),
        },
    )
    session = onnxruntime.InferenceSession(args.out, providers=["CPUExecutionProvider"])
    x, y = test
    with torch.no_grad():
        ours = torch.cat([net.eval()(a) for a in x.split(500)])
    theirs = torch.from_numpy(np.concatenate([session.run(None, {"input": a.numpy()})[0] for a in x.split(500)]))
    top = [100 * (o.argmax(1) == y).float().mean().item() for o in (ours, theirs)]
    print(
        f"{args.out}: {os.path.getsize(args.out)} bytes; test torch {top[0]:.2f} %, onnxruntime {top[1]:.2f} %, "
        f"{(ours.argmax(1) != theirs.argmax(1)).sum()} of {len(y)} answers differ, "
        f"largest logit difference {(ours - theirs).abs().max():.2g}"
    )


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--stage", choices=("float", "quant", "export", "all"), default="all")
    p.add_argument("--data", default="/usr/share/datasets/fashion-mnist", help="folder of the four .gz files")
    p.add_argument("--work", default="build/train", help="folder of the checkpoints")
    p.add_argument("--out", default="configs/models/resnet20-fmnist.onnx")
    p.add_argument("--seed", type=int, default=20)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--batch", type=int, default=128)
    p.add_argument("--epochs", type=int, default=26, help="of the float network")
    p.add_argument("--stop-step", type=int, help="end float training before this step of its schedule")
    p.add_argument("--lr", type=float, default=0.1)
    p.add_argument("--quant-epochs", type=int, default=4)
    p.add_argument("--quant-stop-step", type=int, help="the same of fine-tuning")
    p.add_argument("--quant-lr", type=float, default=0.01)
    p.add_argument("--quant-decay", type=float, default=1e-4)
    p.add_argument(
        "--gradient",
        choices=("ste", "paper"),
        default="ste",
        help="gradient handed to W: unscaled, or times a as in the paper",
    )
    args = p.parse_args()
    torch.set_num_threads(args.threads)
    os.makedirs(args.work, exist_ok=True)
    train, test = load(args.data, "train"), load(args.data, "t10k")
    for stage in ("float", "quant", "export") if args.stage == "all" else (args.stage,):
        {"float": train_float, "quant": train_quant, "export": export}[stage](args, train, test)


if __name__ == "__main__":
    main()
