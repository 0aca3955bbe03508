"""Does the reference compute what a reading of docs/internals/Numerics.md by plain loops does?"""

import json

import numpy as np
import pytest

from shiftsim_tools import integer_reference as reference

WINDOW = {
    "kernel_height": 3, "kernel_width": 2, "stride_height": 2, "stride_width": 1, "pad_top": 1, "pad_left": 0,
    "pad_bottom": 1, "pad_right": 1, "dilation_height": 1, "dilation_width": 2,
}  # fmt: skip


def layer(name, source, operation="convolution", **changes):
    values = {
        "name": name, "input": source, "operation": operation, "groups": 1, "window": WINDOW, "weight_offset": 0,
        "weight_count": 0, "output_shape": {"channels": 2, "height": 3, "width": 3}, "pre_shift": 0,
        "multiplier": [1, 1], "bias": [0, 0], "shift": 0, "relu": False,
    }  # fmt: skip
    return values | changes


def write(folder, layers, weights=(), **network):
    text = {"activation_bits": 8, "layers": layers} | network
    (folder / "network.quantized.json").write_text(json.dumps(text))
    np.array(weights, "<i4").tofile(folder / "weights.bin")


@pytest.mark.parametrize(
    ("value", "shift", "wanted"),
    [(5, 1, 2), (7, 1, 4), (-5, 1, -2), (-7, 1, -4), (6, 2, 2), (-6, 2, -2), (9, 0, 9), (-1, 1, 0)],
)
def test_halves_go_to_the_even_number(value, shift, wanted):
    assert reference.round_half_even(np.array([value]), shift)[0] == wanted


@pytest.mark.parametrize("groups", [1, 2])
def test_convolution_is_the_sum_of_its_products(tmp_path, groups):
    generator = np.random.default_rng(groups)
    x = generator.integers(-8, 8, (2, 4, 5, 4))
    weights = generator.integers(-4, 5, (2, 4 // groups, 3, 2))
    convolution = layer("conv", "input", groups=groups, weight_count=weights.size)
    write(tmp_path, [convolution], weights.ravel(), activation_bits=16)
    [(name, found)] = reference.run(tmp_path, x)
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (0, 1)))
    wanted = np.zeros((2, 2, 3, 3), int)
    for image, out, row, column in np.ndindex(wanted.shape):
        first = out * groups // 2 * (4 // groups)
        for channel, down, across in np.ndindex(weights.shape[1:]):
            pixel = padded[image, first + channel, 2 * row + down, column + 2 * across]
            wanted[image, out, row, column] += pixel * weights[out, channel, down, across]
    assert name == "conv"
    assert (found == wanted).all()


def test_sums_beyond_a_double_are_exact():
    columns, rows = np.full((1, 2), 2**40 + 1), np.full((1, 2), 2**20 + 1)
    assert reference.matrix_product(columns, rows)[0, 0] == 2 * (2**40 + 1) * (2**20 + 1)


def test_residual_bias_relu_and_saturation(tmp_path):
    copy = {"kernel_height": 1, "kernel_width": 1, "stride_height": 1, "stride_width": 1}
    copy |= {"pad_top": 0, "pad_left": 0, "pad_bottom": 0, "pad_right": 0}
    common = {"window": copy, "output_shape": {"channels": 2, "height": 1, "width": 1}}
    first = layer("first", "input", "max-pool", **common, bias=[3, -3], multiplier=[3, 2], shift=1)
    last = layer("last", "first", "sum-pool", **common, residual="input", residual_shift=2, relu=True)
    write(tmp_path, [first, last])
    results = dict(reference.run(tmp_path, np.array([[[[4]], [[-2]]], [[[100]], [[1]]]])))
    # (4 * 3 + 3) / 2 = 7.5, (-2 * 2 - 3) / 2 = -3.5, both halves to even; 151.5 and -0.5.
    assert results["first"].ravel().tolist() == [8, -4, 127, 0]
    assert results["last"].ravel().tolist() == [24, 0, 127, 4]


def test_too_large_an_intermediate_stops():
    with pytest.raises(SystemExit, match="layer x: t does not fit 27 bits"):
        reference.requantize(np.array([[[[2**26]]]]), layer("x", "input"), None, 8)


def test_concatenations_wait_for_their_parts():
    tensors = {"a": np.zeros((1, 1, 2, 2)), "b": np.ones((1, 2, 2, 2))}
    left = reference.join([{"name": "ab", "parts": ["a", "b"]}, {"name": "bc", "parts": ["b", "c"]}], tensors)
    assert tensors["ab"].shape == (1, 3, 2, 2)
    assert [whole["name"] for whole in left] == ["bc"]
