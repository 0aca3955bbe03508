"""Classification by onnxruntime."""

import numpy as np
import onnxruntime

BATCH = 100


def session(model):
    """A session of a model (its bytes or its path) on the CPU that reports errors only."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def classes(model, images):
    """The class of the largest output for each image [C, H, W] of `images`."""
    network = session(model)
    name = network.get_inputs()[0].name
    batches = [images[start : start + BATCH] for start in range(0, len(images), BATCH)]
    outputs = [network.run(None, {name: batch})[0].reshape(len(batch), -1) for batch in batches]
    return np.concatenate(outputs).argmax(1)
