"""Are exported models the trained networks, and does shiftsim read their codes? (Needs torch; some need shiftsim.)"""

import json
import subprocess

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

torch = pytest.importorskip("torch", reason="torch is needed for training only: scripts/requirements-training.txt")

from shiftsim_tools import integer_reference  # noqa: E402
from shiftsim_tools.paths import SHIFTSIM  # noqa: E402
from shiftsim_tools.training import data, experiments, export, graph, layers, networks  # noqa: E402

torch.set_num_threads(1)
built = pytest.mark.skipif(not SHIFTSIM.is_file(), reason="swift build -c release --product shiftsim comes first")


@pytest.fixture(scope="module")
def images():
    random = torch.Generator().manual_seed(1)
    pixels = torch.randint(0, 256, (24, 1, 28, 28), generator=random, dtype=torch.uint8)
    return data.Images(pixels, torch.zeros(24, dtype=torch.int64), (0.286,), (0.353,))


def made(images, network="resnet-8", scheme="n-bq", bits=None, activation_bits=16, **options):
    torch.manual_seed(2)
    model = layers.convert(networks.build(network, 1, 10, 28), scheme, bits, activation_bits, **options)
    # Normalizations as training leaves them: none of them the identity.
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.uniform_(-0.3, 0.3)
    with torch.no_grad():
        model.train()(images.batch(torch.arange(24))[0])
    config = experiments.resolved({"network": network, "quantization": {"scheme": scheme}})
    with torch.no_grad():
        return model.eval(), export.model_proto(model, config, images, 8)


FORMATS = [
    *[("n-bq", bits, {}) for bits in (1, 2, 3, 4, 5)],
    ("lightnn-1", 4, {}),
    ("lightnn-2", 4, {}),
    ("flightnn", 4, {"initial": (0.0, 0.168)}),
    ("fixed", 4, {}),
    ("fixed", 8, {}),
]


@pytest.mark.parametrize(("scheme", "bits", "options"), FORMATS)
def test_onnxruntime_gives_the_networks_outputs(images, scheme, bits, options):
    model, proto = made(images, scheme=scheme, bits=bits, **options)
    assert export.difference(model, proto, images) < 1e-5


@pytest.mark.parametrize("network", ["vgg-small", "n-bq-nn", "densenet-bc-100"])
def test_other_networks_are_exported(images, network, monkeypatch):
    # Narrow ones, for speed.
    monkeypatch.setitem(networks.NETWORKS, "vgg-small", lambda c, n, size: networks.vgg_small(c, n, size, width=4))
    monkeypatch.setitem(networks.NETWORKS, "n-bq-nn", lambda c, n, size: networks.nbq_network(c, n, width=4))
    monkeypatch.setitem(networks.NETWORKS, "densenet-bc-100", lambda c, n, size: networks.DenseNet(16, 4, c, n))
    model, proto = made(images, network)
    assert export.difference(model, proto, images) < 1e-5


def test_eight_bit_activations_are_rounded_in_the_model(images):
    model, proto = made(images, activation_bits=8)
    operations = [node.op_type for node in proto.graph.node]
    assert operations.count("QuantizeLinear") == 8
    assert export.difference(model, proto, images) < 1e-3


def test_codes_are_those_of_the_quantizer(images):
    model, proto = made(images, bits=3)
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in proto.graph.initializer}
    for name, layer in layers.quantized_layers(model):
        codes, unit = layer.codes()
        assert np.array_equal(stored[f"{name}.weight.codes"], codes)
        step = float(stored[f"{name}.weight.step"])
        assert np.log2(step) % 1 == 0 and 1 <= unit / step < 2


def test_ranges_are_those_of_the_quantized_network(images):
    model, _ = made(images, bits=1)
    traced = graph.trace(model)
    found = graph.ranges(traced, images.batch(torch.arange(8))[0])
    with torch.no_grad():
        wanted = model.bn1(model.conv1(images.batch(torch.arange(8))[0])).abs().max()
    assert found["bn1"] == pytest.approx(float(wanted), rel=1e-6)


def test_what_cannot_be_exported_is_an_error(images):
    with pytest.raises(ValueError, match="no export of one-bit activations"):
        made(images, activation_bits=1)


def simulate(tmp_path, proto, **settings):
    onnx.save(proto, tmp_path / "model.onnx")
    config = {
        "version": 1,
        "network": {"model": "model.onnx", "input": {"images": "images.npy", "count": 4}},
        "quantization": {"scheme": "as-is", "activation_bits": settings.pop("activation_bits", 16)},
        "array": {"outputs": 16, "inputs": 16, **settings},
        "run": {"mode": "functional"},
    }
    (tmp_path / "run.yaml").write_text(json.dumps(config))
    command = [SHIFTSIM, "simulate", tmp_path / "run.yaml", "-o", tmp_path / "out", "--quiet", "--json"]
    found = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout), json.loads((tmp_path / "out/quantization.json").read_text())


@built
@pytest.mark.parametrize(("scheme", "bits", "options"), FORMATS)
def test_shiftsim_runs_the_models_own_codes(tmp_path, images, scheme, bits, options):
    model, proto = made(images, scheme=scheme, bits=bits, **options)
    x = images.batch(torch.arange(4))[0]
    np.save(tmp_path / "images.npy", x.numpy())
    report, quantization = simulate(tmp_path, proto, **({"pe": "vpe"} if scheme == "fixed" else {}))
    assert report["functional"]["mismatches"] == 0
    # The exponents are the exporter's, the weights its codes.
    assert quantization["calibration_images"] == 0
    notes = json.loads({p.key: p.value for p in proto.metadata_props}["shiftsim_quantization"])
    exponents = {layer["name"]: layer["output_exponent"] for layer in notes["layers"]}
    assert {layer["name"]: layer["output_exponent"] for layer in quantization["layers"]} == exponents
    stored = np.fromfile(tmp_path / "out/quantized/weights.bin", "<i4")
    archive = json.loads((tmp_path / "out/quantized/network.quantized.json").read_text())
    places = {layer["name"]: layer for layer in archive["layers"]}
    for name, layer in layers.quantized_layers(model):
        first = places[name]["weight_offset"]
        codes = layer.codes()[0].ravel()
        assert np.array_equal(stored[first : first + len(codes)], codes)
    # Every tensor fits its range: the integers, times their scale, are PyTorch's outputs.
    with torch.no_grad():
        wanted = model(x).numpy()
    outputs = np.load(tmp_path / "out/outputs.npy").reshape(wanted.shape)
    found = outputs * 2.0 ** exponents["linear"]
    assert np.abs(found - wanted).max() < 2e-3 * np.abs(wanted).max()
    for _, tensor in integer_reference.run(tmp_path / "out/quantized", np.load(tmp_path / "out/inputs.npy")):
        last = tensor
    assert np.array_equal(last.ravel(), outputs.ravel())


@built
def test_filters_of_two_terms_cost_passes(tmp_path, images):
    np.save(tmp_path / "images.npy", images.batch(torch.arange(4))[0].numpy())
    cycles = []
    for terms in ("lightnn-1", "lightnn-2"):
        report, _ = simulate(tmp_path, made(images, scheme=terms, bits=4)[1])
        cycles.append(report["cycles"]["total"])
    assert 1.7 < cycles[1] / cycles[0] < 2.1
