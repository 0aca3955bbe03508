"""What a training run is: its configuration, read strictly, and presets of the papers' experiments.

A configuration is a YAML mapping of the keys of `DEFAULTS`; an unknown key or a wrong kind of value is an error that
says what is accepted.
"""

import copy

from shiftsim_tools.training import data, layers, networks, thresholds

DEFAULTS = {
    "network": "resnet-20",
    # Where training starts: "scratch", an .onnx file or the model.pt of another run.
    "start": "scratch",
    "data": {"name": "fashion-mnist", "path": None, "train_images": None, "test_images": None, "options": {}},
    "quantization": {
        "scheme": "float",
        "weight_bits": None,
        "activation_bits": 16,
        "keep": [],
        # Of the scheme's quantizer (quantizers.py), such as rule, gradient, settle, slope, initial.
        "options": {},
    },
    # FLightNN: lambda_0 and lambda_1 of the residuals; price of a filter pass; layers.csv of a simulation as weights.
    "penalty": {"residual": [0.0, 0.0], "passes": 0.0, "costs": None},
    "optimizer": {
        "kind": "sgd",
        "rate": 0.1,
        "momentum": 0.9,
        "decay": 1.0e-4,
        "threshold_rate": 0.001,
        # one-cycle: linear to `warmup` of all steps, then a cosine to 0; steps: divided by 10 at the shares `drops`.
        "schedule": "one-cycle",
        "warmup": 0.1,
        "drops": [0.5, 0.75],
    },
    "augment": {"shift": 0, "flip": False},
    "batch": 128,
    "epochs": 1.0,
    # Optimiser steps; replaces epochs.
    "steps": None,
    # Values of a on its way from 0.5 to 0 (E of the paper).
    "periods": 30,
    # Batches over which batch normalization is measured anew with the weights of inference, 0: not at all.
    "recalibrate": 40,
    "checkpoint_steps": 200,
    "seed": 1,
    "threads": 1,
}
CHOICES = {
    "network": list(networks.NETWORKS),
    "data.name": list(data.SOURCES),
    "quantization.scheme": list(layers.SCHEMES),
    "quantization.activation_bits": [1, 8, 16],
    "optimizer.kind": ["sgd", "adam"],
    "optimizer.schedule": ["one-cycle", "steps", "constant"],
    "quantization.options.rule": list(thresholds.RULES),
}
NUMBERS = ("steps", "weight_bits", "train_images", "test_images")


class ConfigurationError(Exception):
    """The message names the key, what it is and what is accepted."""


def resolved(given, defaults=None, path=""):
    """`given` with defaults for what it leaves out."""
    defaults = DEFAULTS if defaults is None else defaults
    if not isinstance(given, dict):
        raise ConfigurationError(f"{path or 'configuration'}: accepted: a mapping of {', '.join(defaults)}")
    result = copy.deepcopy(defaults)
    for key, value in given.items():
        name = f"{path}.{key}" if path else str(key)
        if key not in defaults:
            raise ConfigurationError(f"{name}: unknown key; accepted: {', '.join(map(str, defaults))}")
        result[key] = _value(name, key, value, defaults[key])
    for name, accepted in CHOICES.items():
        parent, _, key = name.rpartition(".")
        if parent == path and key in result and result[key] not in accepted:
            raise ConfigurationError(f"{name}: is '{result[key]}'; accepted: {', '.join(map(str, accepted))}")
    return result


def _value(name, key, value, default):
    if key == "options":
        return dict(resolved_options(name, value))
    if isinstance(default, dict):
        return resolved(value, default, name)
    if default is None:
        kinds = (int,) if key in NUMBERS else (str,)
        accepted = "a whole number" if key in NUMBERS else "text"
    else:
        kinds = (int, float) if isinstance(default, float) else (type(default),)
        accepted = {float: "a number", int: "a whole number", str: "text", bool: "true, false", list: "a list"}[
            type(default)
        ]
    if default is None and value is None:
        return None
    if not isinstance(value, kinds) or (isinstance(value, bool) and not isinstance(default, bool)):
        raise ConfigurationError(f"{name}: is '{value}'; accepted: {accepted}")
    if isinstance(value, int | float) and not isinstance(value, bool) and value < 0:
        raise ConfigurationError(f"{name}: is '{value}'; accepted: 0 or more")
    return value


def resolved_options(name, value):
    """Options of a constructor; it checks them itself."""
    if not isinstance(value, dict):
        raise ConfigurationError(f"{name}: accepted: a mapping")
    return value


def merged(base, changes):
    """A configuration with the values of `changes`, mappings key by key."""
    result = copy.deepcopy(base)
    for key, value in changes.items():
        inner = key != "options" and isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if inner else copy.deepcopy(value)
    return result


def shortened(config):
    """`--short`: some hundred steps and 2,000 test images, the same in all else."""
    given = config["data"]
    changes = {
        "steps": min(config["steps"] or 300, 300),
        "periods": min(config["periods"], 10),
        "data": {"test_images": min(given["test_images"] or 2000, 2000)},
        "recalibrate": min(config["recalibrate"], 16),
    }
    return merged(config, changes)


# ---------------------------------------------------------------- presets

_FASHION = {
    "network": "resnet-20",
    "data": {"name": "fashion-mnist"},
    "augment": {"shift": 2, "flip": True},
    "optimizer": {"rate": 0.1, "decay": 5e-4, "warmup": 0.2},
    "epochs": 26.0,
}
_FINE = {"start": "out/training/fashion-mnist-float/model.pt", "epochs": 4.0, "periods": 4}
_FINE_RATE = {"optimizer": {"rate": 0.01, "decay": 1e-4, "warmup": 0.1}}
_CIFAR = {
    "data": {"name": "cifar-10", "path": "data"},
    "augment": {"shift": 4, "flip": True},
    "optimizer": {"schedule": "steps"},
}

# name: what it changes of the float network's run; lambdas of FLightNN are ours, the paper's are not public.
FORMATS = {
    **{f"n-bq-{bits}": {"quantization": {"scheme": "n-bq", "weight_bits": bits}} for bits in (1, 2, 3, 4, 5)},
    "lightnn-1": {"quantization": {"scheme": "lightnn-1", "weight_bits": 4}},
    "lightnn-2": {"quantization": {"scheme": "lightnn-2", "weight_bits": 4}},
    "flightnn-a": {
        "quantization": {"scheme": "flightnn", "weight_bits": 4, "options": {"initial": [0.0, 0.2]}},
        "penalty": {"residual": [0.0, 0.05]},
    },
    "flightnn-b": {
        "quantization": {"scheme": "flightnn", "weight_bits": 4, "options": {"initial": [0.0, 0.2]}},
        "penalty": {"residual": [0.0, 0.5]},
    },
    "fixed-4": {"quantization": {"scheme": "fixed", "weight_bits": 4}},
}


def _presets():
    found = {"fashion-mnist-float": _FASHION}
    for name, change in FORMATS.items():
        found[f"fashion-mnist-{name}"] = merged(merged(merged(_FASHION, _FINE), _FINE_RATE), change)
    # Fine-tuning of a float CIFAR-10 ResNet-20 from an ONNX file, on records in data.path.
    records = {
        **_CIFAR,
        "network": "resnet-20",
        "start": "resnet20_cifar10_float.onnx",
        "data": {
            "name": "cifar-10-records",
            "path": "data",
            # Of the float network.
            "options": {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]},
        },
        "optimizer": {"rate": 0.01, "warmup": 0.1},
        "epochs": 3.0,
        "periods": 10,
    }
    for name, change in {"float": {}, **FORMATS}.items():
        found[f"cifar-10-{name}"] = merged(records, change)
    found.update(_paper_presets())
    tiny = merged(_FASHION, {"network": "resnet-8", "steps": 30, "batch": 32, "recalibrate": 4})
    tiny = merged(tiny, {"data": {"train_images": 2000, "test_images": 500}})
    found["tiny-float"] = tiny
    found["tiny-n-bq-3"] = merged(
        merged(merged(tiny, _FINE_RATE), FORMATS["n-bq-3"]), {"start": "out/training/tiny-float-short/model.pt"}
    )
    return found


def _paper_presets():
    """Table II to IV and VI of the n-BQ paper with its recipes (facts, 1.3): batch, rates, drops, epochs."""
    found = {}
    resnet = {**_CIFAR, "network": "resnet-110", "steps": 64000}
    resnet = merged(resnet, {"optimizer": {"rate": 0.1, "decay": 1e-4, "drops": [0.5, 0.594]}})
    found["table2-resnet-110-float"] = resnet
    for bits in (5, 4, 3, 2, 1):
        change = {"start": "out/training/table2-resnet-110-float/model.pt", "periods": 30}
        found[f"table2-resnet-110-n-bq-{bits}"] = merged(merged(resnet, change), FORMATS[f"n-bq-{bits}"])
    dense = {**_CIFAR, "network": "densenet-bc-100", "epochs": 300.0, "batch": 64}
    dense = merged(dense, {"optimizer": {"rate": 0.1, "decay": 1e-4, "drops": [0.5, 0.75]}})
    found["table4-densenet-bc-100-float"] = dense
    change = {"start": "out/training/table4-densenet-bc-100-float/model.pt"}
    found["table4-densenet-bc-100-n-bq-3"] = merged(merged(dense, change), FORMATS["n-bq-3"])
    scratch = {**_CIFAR, "network": "n-bq-nn", "epochs": 150.0, "batch": 50}
    scratch = merged(scratch, {"optimizer": {"rate": 0.1, "decay": 1e-4}, **FORMATS["n-bq-3"]})
    sources = {"cifar-10": "cifar-10", "cifar-100": "cifar-100", "svhn": "svhn", "fashion-mnist": "fashion-mnist"}
    for name, source in sources.items():
        where = {"name": source, "path": None if source == "fashion-mnist" else "data"}
        augment = {"augment": {"shift": 0, "flip": False}} if source == "svhn" else {}
        found[f"table3-n-bq-nn-{name}"] = merged(scratch, {"data": where, **augment})
    alexnet = {
        "network": "alexnet-bn",
        "start": "alexnet-bn.onnx",
        "data": {"name": "folder", "path": "imagenet"},
        "optimizer": {"kind": "adam", "rate": 1e-4, "decay": 0.0},
        "augment": {"shift": 16, "flip": True},
        "epochs": 50.0,
        "periods": 50,
    }
    for bits, activation in ((1, 1), (1, 16), (2, 16), (3, 16)):
        change = {
            "quantization": {"scheme": "n-bq", "weight_bits": bits, "activation_bits": activation, "keep": ["linear"]}
        }
        found[f"table6-alexnet-w{bits}a{activation}"] = merged(alexnet, change)
    for name, change in FORMATS.items():
        if not name.startswith("n-bq"):
            vgg = {**_CIFAR, "network": "vgg-small", "epochs": 200.0}
            eight = {"quantization": {**change["quantization"], "activation_bits": 8}}
            found[f"flightnn-vgg-small-{name}"] = merged(merged(vgg, change), eight)
    return found


PRESETS = _presets()


def preset(name):
    """The resolved configuration of a preset."""
    if name not in PRESETS:
        raise ConfigurationError(f"--preset: is '{name}'; accepted: {', '.join(PRESETS)}")
    return resolved(PRESETS[name])
