"""Runs the large networks on both families and both kinds of element; a Markdown table of what each run said.

    python -m shiftsim_tools.network_matrix [--only TEXT] [--shiftsim PATH] > table.md

PATH is `.build/release/shiftsim` unless given. `simulate --mode functional`, one image, every output checked against
the reference model. Wall time is that of the command, on the machine as it was; peak memory is the report's
`peak_rss_bytes`.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import time

from shiftsim_tools.paths import ROOT, SHIFTSIM

TAPS = {"alexnet": "11", "alexnet-grouped": "11", "resnet18": "7", "resnet50": "7", "densenet121": "7"}
NETWORKS = [
    "resnet18",
    "resnet50",
    "alexnet",
    "alexnet-grouped",
    "densenet121",
    "densenet100-cifar10",
    "mobilenet-v2",
    "vgg16",
    "resnet110-cifar10",
    "n-bq-nn-cifar10",
]
ARRAYS = [("vector", "svpe"), ("vector", "vpe"), ("convolver", "svpe"), ("convolver", "vpe")]


def arguments(network, family, element):
    """The command's: a shipped configuration with another network and, for convolvers, the kernel that it needs."""
    config = f"configs/resnet18-{element}.yaml" if family == "vector" else f"configs/n-bq-nn-{element}.yaml"
    settings = [f"network.model={network}", "device.allow_overflow=true"]
    if family == "convolver":
        kernel = TAPS.get(network, "3")
        taps = {"3": "[3]", "7": "[3]", "11": "[3, 5]"}[kernel]
        settings += [f"array.kernel={kernel}", f"array.taps={taps}", "buffers.ifmap_kib=1024", "buffers.psum_kib=256"]
    result = [config, "--mode", "functional", "--json", "--quiet"]
    for setting in settings:
        result += ["--set", setting]
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="runs whose 'network family element' contains this text")
    parser.add_argument("--shiftsim", type=pathlib.Path, default=SHIFTSIM)
    options = parser.parse_args()
    print("| network | family | PE | lanes | cycles | checked | mismatches | wall s | peak MiB |")
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    failed = False
    for network in NETWORKS:
        for family, element in ARRAYS:
            if options.only not in f"{network} {family} {element}":
                continue
            start = time.monotonic()
            command = [options.shiftsim, "simulate", *arguments(network, family, element)]
            run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
            wall = time.monotonic() - start
            if run.returncode not in (0, 1):
                failed = True
                print(f"| {network} | {family} | {element} | {run.stderr.strip()} |", flush=True)
                continue
            report = json.loads(run.stdout)
            functional = report["functional"]
            failed = failed or functional["mismatches"] != 0
            print(
                f"| {network} | {family} | {element} | {report['design']['lanes']:,} | {report['cycles']['total']:,} "
                f"| {functional['checked']} | {functional['mismatches']} | {wall:.1f} "
                f"| {report['simulator']['peak_rss_bytes'] / 2**20:,.0f} |",
                flush=True,
            )
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
