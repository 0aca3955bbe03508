"""Do the quantizers of training have the papers' levels, gradients and limits? (Needs torch.)"""

import itertools
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is needed for training only: scripts/requirements-training.txt")

from shiftsim_tools.training import layers, quantizers, thresholds  # noqa: E402

torch.set_num_threads(1)


def weights(*shape, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def numeric_gradient(function, at, step=1e-6):
    """Central differences of a scalar function, element by element."""
    found = torch.zeros_like(at)
    for index in range(at.numel()):
        moved = [at.detach().clone() for _ in range(2)]
        moved[0].view(-1)[index] += step
        moved[1].view(-1)[index] -= step
        found.view(-1)[index] = (function(moved[0]) - function(moved[1])) / (2 * step)
    return found


# ---------------------------------------------------------------- n-BQ


@pytest.mark.parametrize("bits", [1, 2, 3, 4, 5])
def test_staircase_has_the_papers_levels(bits):
    # Magnitudes over 16 octaves, so that every level of five bits occurs.
    weight = torch.sign(weights(4000)) * 2 ** (-16 * torch.rand(4000, dtype=torch.float64))
    quantizer = quantizers.NBQ(bits, rule="nearest").double()
    quantizer.start(weight)
    found = quantizer.staircase(weight).unique().tolist()
    magnitudes = [2.0**-i for i in range(max(1, 2 ** (bits - 1) - 1))]
    wanted = {sign * value for value in magnitudes for sign in (-1, 1)} | ({0.0} if bits > 1 else set())
    assert set(found) == wanted


def test_zero_is_plus_one_with_one_bit():
    quantizer = quantizers.NBQ(1)
    assert quantizer.staircase(torch.tensor([0.0, -1e-9, 3.0])).tolist() == [1, -1, 1]


def test_authors_thresholds_are_fractions_of_the_maximum():
    weight = torch.tensor([0.0199, 0.0201, 0.0699, 0.0701, 0.1399, 0.1401, -1.0]) * 3
    quantizer = quantizers.NBQ(3)
    quantizer.start(weight)
    assert quantizer.staircase(weight).tolist() == [0, 0.25, 0.25, 0.5, 0.5, 1, -1]


@pytest.mark.parametrize("bits", [2, 3])
def test_moment_matching_keeps_mean_and_mean_square(bits):
    weight = weights(20000)
    quantizer = quantizers.NBQ(bits, rule="moment-matching").double()
    quantizer.start(weight)
    kept = quantizer.eval()(weight)
    assert float(kept.abs().mean() / weight.abs().mean()) == pytest.approx(1, abs=2e-3)
    assert float(kept.square().mean() / weight.square().mean()) == pytest.approx(1, abs=2e-3)


@pytest.mark.parametrize("bits", [2, 3, 4, 5])
def test_nearest_errs_least_of_the_rules(bits):
    weight = weights(20000)
    errors = {}
    for rule in thresholds.RULES[1:]:
        quantizer = quantizers.NBQ(bits, rule=rule).double()
        quantizer.start(weight)
        errors[rule] = float((quantizer.eval()(weight) - weight).square().mean())
    assert errors["nearest"] == min(errors.values())
    assert errors["nearest"] < 0.25


@pytest.mark.parametrize("rule", ["authors", "median"])
def test_unknown_rules_are_refused(rule):
    with pytest.raises(ValueError, match="accepted: "):
        quantizers.NBQ(4, rule=rule).start(weights(10))


@pytest.mark.parametrize("bits", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("mix", [0.5, 0.29, 0.05])
def test_reconstructed_gradient_is_a_times_that_of_the_mixed_weight(bits, mix):
    # With this rule no weight lies on a limit, where differences would see the step.
    quantizer = quantizers.NBQ(bits, rule="nearest").double()
    weight = weights(6, 4)
    quantizer.start(weight)
    quantizer.mix.fill_(mix)
    x, target = weights(5, 4, seed=2), weights(5, 6, seed=3)

    def loss(value):
        return (x @ quantizer(value).T - target).square().mean()

    leaf = weight.clone().requires_grad_()
    loss(leaf).backward()
    # Equation 17: dC/dW = a * T * x, T = dC/dy through the mixed weight.
    mixed = (1 - mix) * quantizer.eval()(weight) + mix * weight
    error = 2 * (x @ mixed.T - target) / target.numel()
    torch.testing.assert_close(leaf.grad, mix * error.T @ x, rtol=0, atol=1e-12)
    quantizer.train()
    torch.testing.assert_close(leaf.grad, numeric_gradient(loss, weight), rtol=0, atol=1e-5)


def test_straight_through_option_leaves_the_gradient_unscaled():
    quantizer = quantizers.NBQ(3, gradient="ste").double()
    leaf = weights(4, 4).requires_grad_()
    quantizer.start(leaf)
    (quantizer(leaf) * weights(4, 4, seed=2)).sum().backward()
    torch.testing.assert_close(leaf.grad, weights(4, 4, seed=2))


def test_schedule_goes_from_a_half_to_zero():
    epochs = 30
    found = [quantizers.mix_at(epoch / epochs) for epoch in range(epochs + 1)]
    assert found[0] == 0.5 and found[-1] == 0
    assert all(earlier > later for earlier, later in itertools.pairwise(found))
    # lam = 1 - a starts at 0.5 and is multiplied by 2^(1/E) an epoch.
    ratios = [(1 - later) / (1 - earlier) for earlier, later in itertools.pairwise(found)]
    assert ratios == pytest.approx([2 ** (1 / epochs)] * epochs)


@pytest.mark.parametrize("mix", [0.5, 0.8])
def test_latent_weights_go_to_their_levels_as_powers_of_a(mix):
    quantizer = quantizers.NBQ(3, rule="nearest").double()
    weight = weights(50)
    quantizer.start(weight)
    quantizer.mix.fill_(mix)
    level = quantizer.scale * quantizer.staircase(weight)
    moved = weight
    for n in range(1, 12):
        moved = quantizer.settled(moved)
        torch.testing.assert_close(moved - level, mix**n * (weight - level), rtol=1e-9, atol=1e-12)


def test_settling_happens_between_periods_where_asked():
    quantizer = quantizers.NBQ(3, rule="nearest", settle=True).double()
    weight = weights(50)
    quantizer.start(weight)
    wanted = quantizer.settled(weight)
    quantizer.advance(weight, 0.5)
    torch.testing.assert_close(weight, wanted)
    assert float(quantizer.mix) == pytest.approx(1 - 0.5 * math.sqrt(2))


def test_eval_uses_levels_alone():
    quantizer = quantizers.NBQ(3).double()
    weight = weights(8, 8)
    quantizer.start(weight)
    levels = quantizer.eval()(weight)
    codes, unit = quantizer.codes(weight)
    assert set(codes.abs().unique().tolist()) <= {0, 1, 2, 4}
    torch.testing.assert_close(codes.double() * unit, levels, rtol=1e-6, atol=0)


# ---------------------------------------------------------------- LightNN and FLightNN


def power_of_two(x):
    """R by its definition, for numbers within the octaves."""
    return np.sign(x) * 2.0 ** np.round(np.log2(np.abs(x)))


def with_limits(first, second, bits=4, **options):
    quantizer = quantizers.Terms(2, bits, trained=True, **options).double()
    with torch.no_grad():
        quantizer.limits.copy_(torch.tensor([first, second], dtype=torch.float64))
    return quantizer


def test_one_term_is_the_nearest_power_in_the_logarithm():
    weight = torch.tensor([[1.0, 0.71, 0.70, -0.36, 0.35, 0.02, 0.0079, 0.0077, 0.0]], dtype=torch.float64)
    found = quantizers.Terms(1, 4).double()(weight)
    # Seven octaves below 1; under half of 1/64 is zero.
    assert found.tolist() == [[1, 1, 0.5, -0.5, 0.25, 1 / 64, 1 / 64, 0, 0]]
    # 2^(-1/2) and 2^(-3/2) lie half way: 0.36 is above, 0.35 below.
    assert np.array_equal(power_of_two(weight[0, :5].numpy()), found[0, :5].numpy())


def test_two_terms_leave_a_residual_below_the_first_ones():
    weight = weights(32, 40)
    one, two = (quantizers.Terms(terms, 5).double()(weight) for terms in (1, 2))
    assert float((weight - two).square().mean()) < 0.2 * float((weight - one).square().mean())


def test_thresholds_of_zero_are_lightnn_2_and_of_infinity_lightnn_1():
    weight = weights(16, 3, 3, 3)
    gradient = weights(16, 3, 3, 3, seed=2)
    for second, terms in ((0.0, 2), (math.inf, 1)):
        pairs = []
        for quantizer in (with_limits(0.0, second, slope=1e-3), quantizers.Terms(terms).double()):
            leaf = weight.clone().requires_grad_()
            value = quantizer(leaf)
            (value * gradient).sum().backward()
            pairs.append((value.detach(), leaf.grad))
        assert torch.equal(pairs[0][0], pairs[1][0])
        torch.testing.assert_close(pairs[0][1], pairs[1][1], rtol=0, atol=1e-9)
        torch.testing.assert_close(pairs[1][1], gradient, rtol=0, atol=1e-9)


def test_filters_have_terms_of_their_own_number():
    # Powers of two leave nothing; the second filter leaves a third of itself; the third one is small.
    weight = torch.tensor([[1.0, -0.5], [0.75, 0.75], [0.01, 0.01]], dtype=torch.float64)
    quantizer = with_limits(0.05, 0.1)
    assert quantizer.filter_terms(weight).tolist() == [1, 2, 0]
    assert quantizer(weight)[2].tolist() == [0, 0]


def relaxed_gradients(weight, limits, slope, gradient, rounding):
    """dC/dt_0, dC/dt_1 of sum(gradient * Q) for one filter, by the chain rule written out.

    q_j = I_j R(r_j), I_j' = sigmoid'((n_j - t_j) / slope) / slope, R' = 1, and t_0 also moves r_1 = r_0 - q_0.
    """
    spread = float(torch.linalg.vector_norm(weight, dim=1).square().mean().sqrt())
    found = [0.0, 0.0]
    for row, g in zip(weight, gradient, strict=True):
        r0 = row
        n0 = torch.linalg.vector_norm(r0) / spread
        s0 = torch.sigmoid((n0 - limits[0]) / slope)
        i0 = (n0 > limits[0]).double()
        d0 = s0 * (1 - s0) / slope
        r1 = r0 - i0 * rounding(r0)
        n1 = torch.linalg.vector_norm(r1) / spread
        s1 = torch.sigmoid((n1 - limits[1]) / slope)
        i1 = (n1 > limits[1]).double()
        d1 = s1 * (1 - s1) / slope
        found[1] += float(-(g @ rounding(r1)) * d1)
        # dr_1 / dt_0 = + d0 * R(r_0); it moves R(r_1) by itself, and I_1 by its norm.
        dr1 = d0 * rounding(r0)
        dn1 = (r1 @ dr1) / (torch.linalg.vector_norm(r1) * spread)
        found[0] += float(-(g @ rounding(r0)) * d0 + i1 * (g @ dr1) + (g @ rounding(r1)) * d1 * dn1)
    return found


@pytest.mark.parametrize("limits", [(0.0, 0.15), (0.9, 0.16), (1.1, 0.0)])
def test_threshold_gradients_are_the_relaxed_formulas(limits):
    weight, gradient = weights(6, 9), weights(6, 9, seed=2)
    quantizer = with_limits(*limits, slope=0.1)
    unit = quantizer.unit(weight)
    (quantizer(weight) * gradient).sum().backward()
    wanted = relaxed_gradients(weight, limits, 0.1, gradient, lambda r: quantizer.power(r, unit))
    assert quantizer.limits.grad.tolist() == pytest.approx(wanted, abs=1e-9)
    assert all(wanted)


@pytest.mark.parametrize("slope", [0.1, 1.0])
def test_relaxed_quantizer_has_the_gradients_of_finite_differences(slope):
    # Smooth in place of the steps: R the identity (its straight-through gradient), the indicator its sigmoid.
    weight, gradient = weights(4, 6), weights(4, 6, seed=2)
    quantizer = with_limits(0.9, 0.2, slope=slope)
    spread = quantizer.spread(weight)
    quantizer.spread = lambda _: spread

    def value(weight, limits):
        quantizer.limits = limits
        terms = quantizer.residuals(weight, rounding=lambda r: r, indicator=torch.sigmoid)
        return (sum(term for term, _ in terms) * gradient).sum()

    del quantizer._parameters["limits"]
    limits = torch.tensor([0.9, 0.2], dtype=torch.float64, requires_grad=True)
    leaf = weight.clone().requires_grad_()
    value(leaf, limits).backward()
    by_weight = numeric_gradient(lambda w: float(value(w, limits.detach())), weight)
    by_limits = numeric_gradient(lambda t: float(value(weight, t)), limits)
    torch.testing.assert_close(leaf.grad, by_weight, rtol=0, atol=1e-5)
    torch.testing.assert_close(limits.grad, by_limits, rtol=0, atol=1e-5)


def test_group_lasso_has_the_gradient_of_finite_differences():
    weight = weights(5, 7)
    quantizer = with_limits(0.0, 0.1)
    spread, unit = quantizer.spread(weight), quantizer.unit(weight)
    quantizer.spread, quantizer.unit = (lambda _: spread), (lambda _: unit)
    leaf = weight.clone().requires_grad_()
    quantizer.residual_norms(leaf).sum().backward()
    numeric = numeric_gradient(lambda w: float(quantizer.residual_norms(w).sum()), weight)
    torch.testing.assert_close(leaf.grad, numeric, rtol=0, atol=1e-5)


def trained_filters(strength):
    """Filters of one and two terms of a layer after some training towards a target under a penalty."""
    torch.manual_seed(3)
    layer = layers.convert(torch.nn.Sequential(torch.nn.Linear(24, 48, bias=False)), "flightnn")
    x = torch.randn(256, 24)
    target = x @ (torch.randn(24, 48) / 5)
    optimizer = torch.optim.SGD(layers.parameter_groups(layer, 0.05), 0.05, momentum=0.9)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 200)
    for _ in range(200):
        loss = (layer(x) - target).square().mean() + layers.penalty(layer, residual=(0, strength))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return layers.filters_by_terms(layer)


def test_a_stronger_penalty_gives_fewer_filters_of_two_terms():
    found = [trained_filters(strength)[2] for strength in (0.0, 0.006, 0.02, 0.035, 0.05)]
    assert found == sorted(found, reverse=True)
    assert found[0] > found[-1]


def test_costs_move_terms_to_cheap_layers():
    torch.manual_seed(3)
    model = torch.nn.Sequential(torch.nn.Linear(24, 24, bias=False), torch.nn.Linear(24, 24, bias=False))
    even = layers.penalty(layers.convert(model, "flightnn"), passes=1.0)
    model = layers.convert(model, "flightnn")
    same = layers.penalty(model, passes=1.0, costs={"0": 5.0, "1": 5.0})
    assert float(same.detach()) == pytest.approx(float(even.detach()))
    layers.penalty(model, passes=1.0, costs={"0": 9.0, "1": 1.0}).backward()
    pulls = [float(layer.quantizer.limits.grad[1]) for _, layer in layers.quantized_layers(model)]
    # Descent raises both thresholds, the dear layer's by far more.
    assert pulls[0] < 4 * pulls[1] < 0


# ---------------------------------------------------------------- fixed point, activations, conversion


def test_fixed_point_holds_its_integers():
    weight = weights(40, 40)
    quantizer = quantizers.FixedPoint(4).double()
    quantizer.start(weight)
    codes, unit = quantizer.codes(weight)
    assert codes.abs().max() == 7
    torch.testing.assert_close(codes.double() * unit, quantizer(weight), rtol=1e-6, atol=1e-9)
    leaf = weight.clone().requires_grad_()
    (quantizer(leaf) * weight).sum().backward()
    torch.testing.assert_close(leaf.grad, weight)


@pytest.mark.parametrize(
    ("largest", "bits", "exponent"), [(127.0, 8, 0), (127.1, 8, 1), (1.0, 8, -6), (32767.0, 16, 0), (0.0, 8, -6)]
)
def test_activation_exponents_just_cover_the_range(largest, bits, exponent):
    assert quantizers.range_exponent(largest, bits) == exponent


def test_activations_round_to_even_and_saturate():
    activation = quantizers.Activation(8)
    activation(torch.tensor([100.0]))
    activation.eval()
    x = torch.tensor([0.5, 1.5, -2.5, 200.0, -200.0], requires_grad=True)
    y = activation(x)
    assert y.tolist() == [0, 2, -2, 127, -128]
    y.sum().backward()
    assert x.grad.tolist() == [1, 1, 1, 0, 0]


def test_binary_activations_pass_a_scaled_gradient_inside_one():
    x = torch.tensor([-2.0, -0.5, 0.0, 0.9, 1.1], requires_grad=True)
    y = quantizers.Binary(gain=2.5)(x)
    assert y.tolist() == [-1, -1, 1, 1, 1]
    y.sum().backward()
    assert x.grad.tolist() == [0, 2.5, 2.5, 2.5, 0]


def small():
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3, bias=False), torch.nn.BatchNorm2d(4), torch.nn.Flatten(), torch.nn.Linear(16, 3)
    )


def test_conversion_replaces_layers_and_leaves_the_float_network():
    model = small()
    converted = layers.convert(model, "n-bq", 2, activation_bits=8, keep=["3"])
    assert [name for name, _ in layers.quantized_layers(converted)] == ["0"]
    assert type(model[0]) is torch.nn.Conv2d and converted(torch.randn(2, 1, 4, 4)).shape == (2, 3)
    assert layers.storage_bits(converted) == 36 * 2 + 48 * 32


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ternary",), "accepted: float, n-bq"),
        (("n-bq", 6), "n-bq accepts 1...5"),
        (("lightnn-1", 2), "accept 3...5"),
        (("fixed", 5), "fixed accepts 4, 8, 16"),
        (("n-bq", 3, 4), "accepted: 1, 8, 16"),
        (("n-bq", 3, 16, ["7"]), "no layer 7; accepted: 0, 3"),
    ],
)
def test_wrong_options_name_what_is_accepted(arguments, message):
    with pytest.raises(ValueError, match=message):
        layers.convert(small(), *arguments)


def test_storage_counts_bits_of_terms():
    model = torch.nn.Sequential(torch.nn.Linear(8, 4, bias=False))
    for scheme, bits in (("lightnn-1", 4), ("lightnn-2", 8), ("fixed", 4)):
        assert layers.storage_bits(layers.convert(model, scheme, 4)) == 32 * bits
    flight = layers.convert(model, "flightnn", initial=(0.0, 100.0))
    assert layers.storage_bits(flight) == 32 * 4 + 2 * 4
    assert layers.filters_by_terms(flight) == [0, 4, 0]
