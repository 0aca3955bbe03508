"""The papers' networks in float; `layers.convert` quantizes them.

Names of layers are those of the ONNX files in use here (conv1, layer1.0.conv1, ...), so that `load_onnx` can start from
one. All take any image size, but for alexnet-bn (224) and vgg-small, whose classifier is as wide as the size asks.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


class Subsample(nn.Module):
    """Option-A shortcut: every second row and column, zero channels before and after."""

    def __init__(self, before, after):
        super().__init__()
        self.before, self.after = before, after

    def forward(self, x):
        return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.before, self.after))


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        added = outputs - inputs
        self.short = Subsample(added // 2, added - added // 2) if stride == 2 else None

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(y + (x if self.short is None else self.short(x)))


class ResNet(nn.Module):
    """CIFAR style, 6n + 2 layers (He et al. 2016)."""

    def __init__(self, depth, channels, classes, widths=(16, 32, 64)):
        super().__init__()
        if depth % 6 != 2:
            raise ValueError(f"depth: is {depth}; accepted: 6n + 2")
        self.conv1 = nn.Conv2d(channels, widths[0], 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        inputs = widths[0]
        for stage, outputs in enumerate(widths):
            blocks = []
            for block in range((depth - 2) // 6):
                blocks.append(BasicBlock(inputs, outputs, 2 if stage and not block else 1))
                inputs = outputs
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.linear = nn.Linear(inputs, classes)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


class DenseLayer(nn.Module):
    """Bottleneck layer: what it adds to the maps that all later layers read."""

    def __init__(self, inputs, growth):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, 4 * growth, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(4 * growth)
        self.conv2 = nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)

    def forward(self, x):
        y = self.conv1(F.relu(self.bn1(x)))
        y = self.conv2(F.relu(self.bn2(y)))
        return torch.cat([x, y], 1)


class Transition(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.bn = nn.BatchNorm2d(inputs)
        self.conv = nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, x):
        return F.avg_pool2d(self.conv(F.relu(self.bn(x))), 2)


class DenseNet(nn.Module):
    """DenseNet-BC (Huang et al. 2017), 6n + 4 layers, compression 0.5."""

    def __init__(self, depth, growth, channels, classes):
        super().__init__()
        if depth % 6 != 4:
            raise ValueError(f"depth: is {depth}; accepted: 6n + 4")
        width = 2 * growth
        parts = [nn.Conv2d(channels, width, 3, padding=1, bias=False)]
        for block in range(3):
            for _ in range((depth - 4) // 6):
                parts.append(DenseLayer(width, growth))
                width += growth
            if block < 2:
                parts.append(Transition(width, width // 2))
                width //= 2
        self.features = nn.Sequential(*parts)
        self.bn = nn.BatchNorm2d(width)
        self.linear = nn.Linear(width, classes)

    def forward(self, x):
        x = F.relu(self.bn(self.features(x)))
        return self.linear(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


def normalized(inputs, outputs, kernel=3, stride=1, padding=None, relu=True):
    """Convolution, batch normalization and ReLU."""
    padding = kernel // 2 if padding is None else padding
    parts = [nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False), nn.BatchNorm2d(outputs)]
    return parts + [nn.ReLU()] * relu


class Plain(nn.Module):
    """Layers in a row; `linear` is the classifier, or None where the last convolution is it."""

    def __init__(self, parts, linear=None, average=False):
        super().__init__()
        self.features = nn.Sequential(*parts)
        self.linear, self.average = linear, average

    def forward(self, x):
        x = self.features(x)
        if self.average:
            x = F.adaptive_avg_pool2d(x, 1)
        x = torch.flatten(x, 1)
        return x if self.linear is None else self.linear(x)


def nbq_network(channels, classes, width=128):
    """The n-BQ-NN (Chen et al., table I): nine normalized convolutions, the last two 1x1, and a global pooling."""
    parts, inputs = [], channels
    for index, factor in enumerate((1, 1, 1, 2, 2, 2, 4)):
        parts += normalized(inputs, factor * width)
        inputs = factor * width
        if index in (2, 5):
            parts.append(nn.MaxPool2d(2))
    parts += normalized(inputs, 8 * width, 1) + normalized(8 * width, classes, 1, relu=False)
    return Plain(parts, average=True)


def vgg_small(channels, classes, size, width=128):
    """2 x 128, 2 x 256, 2 x 512 channels, a pooling after each pair, one classifier."""
    parts, inputs = [], channels
    for factor in (1, 2, 4):
        parts += normalized(inputs, factor * width) + normalized(factor * width, factor * width)
        parts.append(nn.MaxPool2d(2))
        inputs = factor * width
    return Plain(parts, nn.Linear(inputs * (size // 8) ** 2, classes))


def alexnet_bn(channels, classes, size):
    """AlexNet with batch normalization in place of LRN, fc6 and fc7 as convolutions (the n-BQ authors' code)."""
    if size != 224:
        raise ValueError(f"alexnet-bn: images of {size} x {size}; accepted: 224")
    parts = [*normalized(channels, 64, 11, 4, 2), nn.MaxPool2d(3, 2)]
    parts += [*normalized(64, 192, 5), nn.MaxPool2d(3, 2)]
    parts += [*normalized(192, 384), *normalized(384, 256), *normalized(256, 256), nn.MaxPool2d(3, 2)]
    parts += [*normalized(256, 4096, 6, padding=0), *normalized(4096, 4096, 1)]
    return Plain(parts, nn.Linear(4096, classes))


NETWORKS = {
    "resnet-8": lambda channels, classes, size: ResNet(8, channels, classes),
    "resnet-20": lambda channels, classes, size: ResNet(20, channels, classes),
    "resnet-56": lambda channels, classes, size: ResNet(56, channels, classes),
    "resnet-110": lambda channels, classes, size: ResNet(110, channels, classes),
    "densenet-bc-100": lambda channels, classes, size: DenseNet(100, 12, channels, classes),
    "n-bq-nn": lambda channels, classes, size: nbq_network(channels, classes),
    "vgg-small": vgg_small,
    "alexnet-bn": alexnet_bn,
}


def build(name, channels, classes, size):
    """A network with weights by He's rule, from torch's global generator."""
    if name not in NETWORKS:
        raise ValueError(f"network: is '{name}'; accepted: {', '.join(NETWORKS)}")
    model = NETWORKS[name](channels, classes, size)
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight)
    return model


def load_onnx(model, path):
    """Weights of an ONNX file whose initializers bear the names of the network's parameters."""
    import onnx
    from onnx import numpy_helper

    found = {i.name: numpy_helper.to_array(i).copy() for i in onnx.load(path).graph.initializer}
    state = model.state_dict()
    for name, value in state.items():
        if name.endswith("num_batches_tracked"):
            continue
        if name not in found:
            raise ValueError(f"{path}: no initializer {name}")
        if tuple(found[name].shape) != tuple(value.shape):
            raise ValueError(f"{path}: {name} has shape {list(found[name].shape)}; accepted: {list(value.shape)}")
        state[name] = torch.from_numpy(found[name].astype(np.float32))
    model.load_state_dict(state)
    return model
