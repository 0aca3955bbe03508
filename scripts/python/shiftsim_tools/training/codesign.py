"""Trades accuracy against simulated latency: FLightNN's penalty weighs each filter pass by its simulated cycles.

    python -m shiftsim_tools.training.codesign FLOAT/model.pt -o DIR [--prices P,P,...] [--steps N] [--set KEY=VALUE]...

FLOAT/model.pt is a float run. LightNN-1 of it is exported and its layers' cycles simulated (mode timing, which keeps
what it quantized in its cache); then FLightNN is fine-tuned once per price of a pass, each run in a folder of DIR,
which can be stopped and resumed, exported and simulated again. DIR/front.csv and DIR/front.png have accuracy on the
run's test images against the simulated latency, LightNN-1 and LightNN-2 beside it; `front` marks what no other point
beats in both.
"""

import argparse
import csv
import io
import json
import pathlib
import sys

import torch

from shiftsim_tools.paths import SHIFTSIM
from shiftsim_tools.training import data, experiments, export, layers, measure, run, train

COLUMNS = ("name", "price", "accuracy", "latency_ms", "cycles", "filters_1", "filters_2", "storage_kib", "front")


def front(points):
    """For each (accuracy, latency): whether no other point is as good in both and better in one."""

    def beats(other, point):
        return other[0] >= point[0] and other[1] <= point[1] and other != point

    return [not any(beats(other, point) for other in points) for point in points]


def base(start, changes):
    """The fine-tuning that all points share, from the float run's own data and augmentation."""
    config = run.load(start)["config"]
    kept = {key: config[key] for key in ("network", "data", "augment", "batch", "threads", "seed")}
    shared = {**kept, "start": str(start), "optimizer": {"rate": 0.02}, "periods": 1, "recalibrate": 8}
    return experiments.merged(experiments.resolved(shared), changes)


def simulated(folder, config, shiftsim):
    """report.json of the exported network, without data."""
    export.export(folder / "model.pt", folder / "model.onnx")
    given = config["quantization"]
    settings = measure.configuration(folder, given["scheme"], given["activation_bits"], {"images": "synthetic"}, 1)
    return measure.simulate(folder, settings, [], mode="timing", shiftsim=shiftsim)


def point(name, price, config, arguments):
    """One row: trains, exports and simulates."""
    folder = arguments.output / name
    started = run.Run(experiments.resolved(config), folder, lambda text: train.show(f"{name}: {text}"))
    if not (folder / "model.pt").is_file():
        started.train()
    report = simulated(folder, config, arguments.shiftsim)
    result = json.loads((folder / "result.json").read_text())
    terms = result["filters_by_terms"]
    return {
        "name": name,
        "price": price,
        "accuracy": result["accuracy"],
        "latency_ms": 1000 * report["latency_s"],
        "cycles": report["cycles"]["total"],
        "filters_1": terms[1],
        "filters_2": terms[2],
        "storage_kib": round(result["storage_bits"] / 8192, 1),
    }


def layer_costs(model, config, arguments):
    """layers.csv of the one-term network, whose cycles over filter passes are what a pass costs."""
    folder = arguments.output / "costs"
    folder.mkdir(parents=True, exist_ok=True)
    saved = run.load(model)
    quantization = {"scheme": "lightnn-1", "weight_bits": 4}
    config = experiments.merged(
        experiments.merged(saved["config"], {"start": "scratch"}), {"quantization": quantization}
    )
    network, _ = run.trained_model(model)
    network = layers.convert(network, "lightnn-1", 4)
    run.save(folder / "model.pt", {**saved, "config": config, "model": network.state_dict()})
    simulated(folder, config, arguments.shiftsim)
    return folder / "simulation/layers.csv"


def plot(rows, path):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 4))
    for row in rows:
        baseline = row["name"].startswith("lightnn")
        axes.plot(row["latency_ms"], 100 * row["accuracy"], "s" if baseline else "o", color="C1" if baseline else "C0")
        label = row["name"] if baseline else f"price {row['price']:g}"
        axes.annotate(label, (row["latency_ms"], 100 * row["accuracy"]), textcoords="offset points", xytext=(5, 4))
    best = sorted((row["latency_ms"], 100 * row["accuracy"]) for row in rows if row["front"])
    axes.plot(*zip(*best, strict=True), color="0.6", linewidth=1, zorder=0)
    axes.set_xlabel("simulated latency of an image, ms")
    axes.set_ylabel("top-1 of the test images, %")
    figure.tight_layout()
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=120)
    run.write_whole(path, buffer.getvalue())


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("start", type=pathlib.Path, metavar="FLOAT/model.pt")
    parser.add_argument("-o", "--output", type=pathlib.Path, required=True, metavar="DIR")
    parser.add_argument("--prices", default="0.01,0.03,0.1", help="of a filter pass (default: 0.01,0.03,0.1)")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="of the training")
    parser.add_argument("--shiftsim", type=pathlib.Path, default=SHIFTSIM)
    arguments = parser.parse_args(argv)
    torch.set_num_threads(1)
    try:
        shared = base(arguments.start, experiments.merged(train.changes(arguments.set), {"steps": arguments.steps}))
        costs = layer_costs(arguments.start, shared, arguments)
        rows = points(shared, costs, arguments)
    except (ValueError, FileNotFoundError, experiments.ConfigurationError, data.MissingDataError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for row, best in zip(rows, front([(row["accuracy"], row["latency_ms"]) for row in rows]), strict=True):
        row["front"] = int(best)
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    run.write_whole(arguments.output / "front.csv", text.getvalue().encode())
    plot(rows, arguments.output / "front.png")
    print(text.getvalue(), end="")
    return 0


def points(shared, costs, arguments):
    """LightNN-1, LightNN-2 and FLightNN at each price."""
    rows = []
    for scheme in ("lightnn-1", "lightnn-2"):
        config = experiments.merged(shared, {"quantization": {"scheme": scheme, "weight_bits": 4}})
        rows.append(point(scheme, "", config, arguments))
    for price in (float(text) for text in arguments.prices.split(",")):
        change = {
            "quantization": {"scheme": "flightnn", "weight_bits": 4, "options": {"initial": [0.0, 0.2]}},
            "penalty": {"passes": price, "costs": str(costs)},
        }
        rows.append(point(f"price-{price:g}", price, experiments.merged(shared, change), arguments))
    return rows


if __name__ == "__main__":
    sys.exit(main())
