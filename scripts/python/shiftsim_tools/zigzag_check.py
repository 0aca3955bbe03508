"""Loop nests of `shiftsim schedule --json` under ZigZag, another program that evaluates such nests.

    python -m shiftsim_tools.zigzag_check SCHEDULE.json [--layer NAME]... [--markdown]

Every convolution of the schedule becomes a layer, an accelerator and a mapping of ZigZag (PyPI `zigzag-dse`,
scripts/requirements-zigzag.txt) with the same lanes, buffers and order of loops. ZigZag's loops are even; where tiles
do not divide a layer, the tiles of each size are a layer of their own, and cycles are added. Printed beside each other:
the cycles in which the compute engine works, ZigZag's cycles of the same nest, and what they differ by:

    slots       a stream of family `convolver` passes positions of the map that complete no window
    pipeline    to begin an instruction, and until its last result has left

What these do not explain is an error: exit status 1. Poolings have no multiply-accumulates and are left out.
"""

import argparse
import functools
import itertools
import json
import logging
import math
import pathlib
import sys
import tempfile
from dataclasses import dataclass

REQUIREMENTS = "scripts/requirements-zigzag.txt"
# ZigZag's names of the dimensions; it has none for passes over the weights, T.
DIMENSIONS = {"K": "K", "C": "C", "P": "OY", "Q": "OX", "R": "FY", "S": "FX"}
# Bits of ZigZag's data: an activation, a weight, a sum. They decide what fits, not how many cycles a nest takes.
BITS = {"I": 16, "W": 8, "O": 32}
DRAM_BITS = 10**11


@dataclass
class Row:
    """A layer under both programs, in cycles."""

    name: str
    compute: int
    steps: int
    nest: int
    zigzag: int

    @property
    def slots(self):
        """Steps that complete no window."""
        return self.steps - self.nest

    @property
    def pipeline(self):
        """Cycles of the engine without a step."""
        return self.compute - self.steps

    @property
    def unexplained(self):
        """What is left of the difference."""
        return self.compute - self.pipeline - self.slots - self.zigzag

    @property
    def difference(self):
        """The difference in words."""
        parts = {"pipeline": self.pipeline, "slots": self.slots, "unexplained": self.unexplained}
        return ", ".join(f"{count:+,} {name}" for name, count in parts.items() if count) or "none"


def row(layer, evaluate):
    """A layer's row; None for what is no convolution with a nest. `evaluate` gives the cycles of a piece of a part."""
    parts = [part for part in layer["parts"] if part["work"] != "pool" and "nest_steps" in part]
    if not parts or len(parts) < len(layer["parts"]):
        return None
    known = {}
    zigzag = 0
    for part in parts:
        key = json.dumps([part["loops"], part["stride_rows"], part["stride_columns"]])
        if key not in known:
            known[key] = passes(part) * sum(evaluate(part, piece) for piece in pieces(part))
        zigzag += known[key]
    steps = sum(part["steps"] for part in parts)
    return Row(layer["name"], layer["cycles"]["compute"], steps, sum(part["nest_steps"] for part in parts), zigzag)


def passes(part):
    """How often the nest runs, which is no loop of ZigZag's."""
    return math.prod(loop["extent"] for loop in part["loops"] if loop["dimension"] == "T")


def pieces(part):
    """The nest in even ones: lists of loops (dimension, iterations) from innermost to outermost, lanes left out."""
    temporal = [loop for loop in part["loops"] if loop["level"] != "lanes" and loop["dimension"] in DIMENSIONS]
    choices = []
    for dimension in DIMENSIONS:
        outer = math.prod(loop["extent"] for loop in temporal if loop["dimension"] == dimension and is_tiles(loop))
        inner = [loop for loop in temporal if loop["dimension"] == dimension and not is_tiles(loop)]
        extent, last = (inner[0]["extent"], inner[0]["last"]) if inner else (1, 1)
        # Tiles, and iterations of each.
        sizes = [(outer, extent)] if last == extent else [(outer - 1, extent), (1, last)]
        choices.append([(dimension, *size) for size in sizes if size[0] > 0])
    for choice in itertools.product(*choices):
        sizes = {dimension: size for dimension, *size in choice}
        loops = [
            (DIMENSIONS[loop["dimension"]], sizes[loop["dimension"]][0 if is_tiles(loop) else 1])
            for loop in reversed(temporal)
        ]
        yield [(name, size) for name, size in loops if size > 1]


def is_tiles(loop):
    """Whether a loop goes over tiles."""
    return loop["level"] == "tiles"


def sizes(part, piece):
    """Iterations of each of ZigZag's dimensions, lanes included."""
    lanes = [(loop, size) for _, loop, size in axes(part)]
    return {name: math.prod(size for loop, size in piece + lanes if loop == name) for name in DIMENSIONS.values()}


def workload(part, piece):
    """ZigZag's layer."""
    dims = sizes(part, piece)
    return [
        {
            "id": 0,
            "name": "part",
            "operator_type": "Conv",
            "equation": "O[k][oy][ox]+=W[k][c][fy][fx]*I[c][iy][ix]",
            "dimension_relations": [
                f"ix={part['stride_columns']}*ox+1*fx",
                f"iy={part['stride_rows']}*oy+1*fy",
            ],
            "loop_dims": list(dims),
            "loop_sizes": list(dims.values()),
            "operand_precision": {"W": BITS["W"], "I": BITS["I"], "O": BITS["O"], "O_final": BITS["I"]},
            "operand_source": {"I": 0, "W": 0},
        }
    ]


def axes(part):
    """Axes of the array that have more than one lane, or the first: name, dimension, lanes."""
    every = part["mapping"]["zigzag"]["spatial_mapping"]
    found = [axis for axis in every if axis["size"] > 1] or every[:1]
    return [(f"D{number}", axis["loop"], axis["size"]) for number, axis in enumerate(found, 1)]


def mapping(part, piece):
    """ZigZag's mapping: the same lanes, the same loops in the same order."""
    return [
        {
            "name": "default",
            "spatial_mapping": {name: [f"{loop}, {size}"] for name, loop, size in axes(part)},
            "temporal_ordering": [list(loop) for loop in piece],
            "memory_operand_links": {"O": "O", "W": "I2", "I": "I1"},
        }
    ]


def memory(bits, operands, served, bandwidth):
    """A memory with a read and a write port of its own for each operand."""
    ports = []
    for kind, uses in [("read", ["tl", "th"]), ("write", ["fh", "fl"])]:
        for operand in operands:
            number = len([port for port in ports if port["type"] == kind]) + 1
            ports.append(
                {
                    "name": f"{kind[0]}_port_{number}",
                    "type": kind,
                    "bandwidth_min": 8,
                    "bandwidth_max": bandwidth,
                    "allocation": [f"{operand}, {use}" for use in (uses if operand == "O" else uses[:1])],
                }
            )
    return {
        "size": bits,
        "r_cost": 1.0,
        "w_cost": 1.0,
        "area": 0.0,
        "latency": 1,
        "operands": operands,
        "ports": ports,
        "served_dimensions": served,
    }


def accelerator(layer, part):
    """ZigZag's accelerator: the buffers of the schedule before an external memory, sums in the lanes."""
    lanes = axes(part)
    names = [name for name, _, _ in lanes]
    words = {buffer["name"]: buffer["words"] * buffer["word_bits"] for buffer in layer["buffers"]}
    wide = 10**6
    inside = [name for name, loop, _ in lanes if loop in ("C", "FX", "FY")]
    memories = {
        "accumulator": memory(BITS["O"], ["O"], inside, wide),
        "ifmap": memory(words["ifmap"], ["I1"], names, wide),
        "weights": memory(words["weights"], ["I2"], names, wide),
        "ofmap": memory(words["ofmap"], ["O"], names, wide),
        "dram": memory(DRAM_BITS, ["I1", "I2", "O"], names, wide),
    }
    return {
        "name": "shiftsim",
        "memories": memories,
        "operational_array": {
            "unit_energy": 0.0,
            "unit_area": 0.0,
            "dimensions": names,
            "sizes": [size for _, _, size in lanes],
        },
    }


def zigzag_cycles(layer, part, piece):
    """Cycles of a piece of the nest as ZigZag counts them, without waiting for memory."""
    import yaml
    from zigzag.mapping.temporal_mapping import TemporalMappingType
    from zigzag.stages.evaluation.cost_model_evaluation import CostModelStage
    from zigzag.stages.main import MainStage
    from zigzag.stages.mapping.spatial_mapping_generation import SpatialMappingGeneratorStage
    from zigzag.stages.mapping.temporal_mapping_generator_stage import TemporalMappingGeneratorStage
    from zigzag.stages.parser.accelerator_parser import AcceleratorParserStage
    from zigzag.stages.parser.workload_parser import WorkloadParserStage
    from zigzag.stages.workload_iterator import WorkloadStage

    with tempfile.TemporaryDirectory() as folder:
        files = {
            "workload": workload(part, piece),
            "accelerator": accelerator(layer, part),
            "mapping": mapping(part, piece),
        }
        paths = {name: pathlib.Path(folder, f"{name}.yaml") for name in files}
        for name, path in paths.items():
            path.write_text(yaml.safe_dump(files[name], sort_keys=False))
        stages = [
            WorkloadParserStage,
            AcceleratorParserStage,
            WorkloadStage,
            SpatialMappingGeneratorStage,
            TemporalMappingGeneratorStage,
            CostModelStage,
        ]
        main = MainStage(
            list_of_callables=stages,
            **{name: str(path) for name, path in paths.items()},
            loma_lpf_limit=6,
            loma_show_progress_bar=False,
            nb_mappings_generated=1,
            enable_mix_spatial_mapping_generation=False,
            access_same_data_considered_as_no_access=True,
            temporal_mapping_type=TemporalMappingType.UNEVEN,
        )
        evaluations = main.run()
    if len(evaluations) != 1:
        raise SystemExit(f"ZigZag gives {len(evaluations)} evaluations of one mapping")
    return round(evaluations[0][0].ideal_temporal_cycle)


def table(rows):
    """The rows in Markdown."""
    lines = ["| layer | compute | ZigZag | difference |", "|---|---:|---:|---|"]
    return lines + [f"| {r.name} | {r.compute:,} | {r.zigzag:,} | {r.difference} |" for r in rows]


def plain(rows):
    """The rows as text."""
    width = max(len(r.name) for r in rows)
    return [f"{r.name:{width}}  compute {r.compute:>12,}  ZigZag {r.zigzag:>12,}  {r.difference}" for r in rows]


def chosen(layers, names):
    """The layers of these names, or all."""
    missing = [name for name in names if name not in [layer["name"] for layer in layers]]
    if missing:
        raise SystemExit(f"no layer {', '.join(missing)} in the schedule")
    return [layer for layer in layers if not names or layer["name"] in names]


def main(arguments=None):
    """Compares, prints, and ends with 1 where something is unexplained."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("schedule", type=pathlib.Path)
    parser.add_argument("--layer", action="append", default=[])
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args(arguments)
    try:
        import zigzag  # noqa: F401
    except ImportError:
        raise SystemExit(f"ZigZag is not installed: pip install -r {REQUIREMENTS}") from None
    logging.disable(logging.INFO)
    layers = chosen(json.loads(options.schedule.read_text())["layers"], options.layer)
    rows = [found for layer in layers if (found := row(layer, functools.partial(zigzag_cycles, layer)))]
    if not rows:
        raise SystemExit("no convolution in the schedule")
    print("\n".join(table(rows) if options.markdown else plain(rows)))
    return 1 if any(r.unexplained for r in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
