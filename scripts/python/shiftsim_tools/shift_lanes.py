"""The table of docs/internals/ShiftLanes.md: LUT, FF and CARRY8 of shift lanes and of a dot product of 16, by the way
that they are built, as Yosys counts them (minutes).

    python -m shiftsim_tools.shift_lanes

Verilog of a dozen lines a variant, written here and not by ShiftSim; nothing simulates it. A dot product has 16 lanes
of n-bit codes, all sums in full width, a 32-bit accumulator, and registers as the pipeline needs them; activations that
wait are shared by all outputs of an array and come from outside.
"""

import pathlib
import re
import subprocess
import tempfile

LANES = 16
ACCUMULATOR = 32


def largest_shift(n):
    return max(0, 2 ** (n - 1) - 2)


class Module:
    """Text of a module that grows, with its registers."""

    def __init__(self):
        self.lines = []
        self.count = 0
        self.ternary_widths = set()

    def wire(self, text, width, signed=True):
        self.count += 1
        name = f"w{self.count}"
        self.lines.append(f"wire {'signed ' if signed else ''}[{width - 1}:0] {name} = {text};")
        return name

    def register(self, text, width, signed=True):
        self.count += 1
        name = f"r{self.count}"
        self.lines.append(f"reg {'signed ' if signed else ''}[{width - 1}:0] {name};")
        self.lines.append(f"always @(posedge clk) if (enable) {name} <= {text};")
        return name

    def magnitude(self, n, x, code, width):
        """x shifted by the code, 0 for code 0, without the sign."""
        value = self.wire(x, width)
        field = f"{code}[{n - 2}:0]"
        if n == 1:
            return value
        places = 2 ** (n - 1) - 1
        if n <= 3:
            terms = [f"({{{width}{{{field} == {k}}}}} & ({value} << {places - k}))" for k in range(1, places + 1)]
            return self.wire(" | ".join(terms), width, signed=False)
        shift = self.wire(f"~{field}", n - 1, signed=False)
        return self.wire(f"|{field} ? ({value} << {shift}) : {width}'d0", width, signed=False)

    def product(self, n, bits, x, code):
        """Negated by a carry chain of its own."""
        width = bits + 1 + largest_shift(n)
        magnitude, sign = self.magnitude(n, x, code, width), f"{code}[{n - 1}]"
        return self.wire(f"({magnitude} ^ {{{width}{{{sign}}}}}) + {sign}", width)

    def sum_with_product(self, n, bits, x, code, addend, width):
        """One carry chain: the product's ones' complement and its sign as carry-in."""
        if n == 3:
            return self.wire(f"{addend} + {self.product(n, bits, x, code)}", width)
        inner = bits + largest_shift(n)
        magnitude, sign = self.magnitude(n, x, code, inner), f"{code}[{n - 1}]"
        ones = self.wire(f"{magnitude} ^ {{{inner}{{{sign}}}}}", inner)
        return self.wire(f"{addend} + {ones} + $signed({{1'b0, {sign}}})", width)

    def ternary(self, terms, width):
        self.count += 1
        self.ternary_widths.add(width)
        name = f"t{self.count}"
        pins = [self.wire(term, width) for term in terms]
        self.lines.append(f"wire signed [{width - 1}:0] {name};")
        self.lines.append(f"ternary{width} {name}_adder ({', '.join(pins)}, {name});")
        return name


def ternary_adder(width):
    """Three operands, a LUT6_2 a bit: O5 is the majority, which the next bit adds, O6 the chain's exclusive or."""
    majority = sum(1 << k for k in range(32) if (k & 7).bit_count() >= 2)
    parity = sum(1 << k for k in range(32) if (k & 15).bit_count() % 2)
    chains = (width + 7) // 8
    lines = [
        f"module ternary{width} (input [{width - 1}:0] a, b, c, output [{width - 1}:0] z);",
        f"wire [{8 * chains - 1}:0] p, g, d, o, carry;",
        "assign d = {g, 1'b0};",
    ]
    for i in range(width):
        lines.append(
            f"LUT6_2 #(.INIT(64'h{parity:08x}{majority:08x})) bit{i} (.I0(a[{i}]), .I1(b[{i}]), .I2(c[{i}]), "
            f".I3(d[{i}]), .I4(1'b0), .I5(1'b1), .O6(p[{i}]), .O5(g[{i}]));"
        )
    if 8 * chains > width:
        lines.append(f"assign p[{8 * chains - 1}:{width}] = 0;")
        lines.append(f"assign g[{8 * chains - 1}:{width}] = 0;")
    for j in range(chains):
        part = f"[{8 * j + 7}:{8 * j}]"
        before = "1'b0" if j == 0 else f"carry[{8 * j - 1}]"
        lines.append(
            f"CARRY8 chain{j} (.CI({before}), .CI_TOP(1'b0), .DI(d{part}), .S(p{part}), .O(o{part}), .CO(carry{part}));"
        )
    return "\n".join([*lines, f"assign z = o[{width - 1}:0];", "endmodule", ""])


def tree(module, values, width, ternary):
    """Registers at each level."""
    full = width + (len(values) - 1).bit_length()
    while len(values) > 1:
        arity = 3 if ternary else 2
        width = min(full, width + (2 if ternary else 1))
        groups = [values[i : i + arity] for i in range(0, len(values), arity)]
        values = [
            module.register(
                module.ternary(group, width) if len(group) == 3 else " + ".join(group),
                width,
            )
            for group in groups
        ]
    return values[0]


def dot_product(n, bits, chain, ternary=False):
    """Chains of `chain` lanes, each of which adds its product to the sum before, and a tree over the chains."""
    module, ports = Module(), []
    width = bits + 1 + largest_shift(n)
    sums = []
    for start in range(0, LANES, chain):
        total, reach = None, width
        for place in range(chain):
            x, code = f"x{start + place}", f"c{start + place}"
            ports += [f"input signed [{bits - 1}:0] {x}", f"input [{n - 1}:0] {code}"]
            for _ in range(place):
                code = module.register(code, n, signed=False)
            if total is None:
                total = module.product(n, bits, x, code)
            else:
                reach = width + place.bit_length()
                total = module.sum_with_product(n, bits, x, code, total, reach)
            total = module.register(total, reach)
        sums.append(total)
    total = tree(module, sums, width + (chain - 1).bit_length(), ternary)
    top = ACCUMULATOR - 1
    module.lines.append(f"always @(posedge clk) if (enable) sum <= (first ? {ACCUMULATOR}'sd0 : sum) + {total};")
    head = f"module top (input clk, enable, first, {', '.join(ports)}, output reg signed [{top}:0] sum);"
    others = [ternary_adder(width) for width in sorted(module.ternary_widths)]
    return "\n".join([head, *module.lines, "endmodule", *others])


def lane(n, bits, is_added):
    module = Module()
    width = bits + 1 + largest_shift(n)
    if is_added:
        width += 2
        result = module.sum_with_product(n, bits, "x", "code", "before", width)
    else:
        result = module.product(n, bits, "x", "code")
    head = (
        f"module top (input signed [{bits - 1}:0] x, input [{n - 1}:0] code, "
        f"input signed [{width - 2}:0] before, output signed [{width - 1}:0] z);"
    )
    return "\n".join([head, *module.lines, f"assign z = {result};", "endmodule"])


def counted(text):
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "top.v").write_text(text)
        script = "read_verilog -sv top.v; synth_xilinx -family xcup -noiopad -flatten -top top; stat"
        output = subprocess.run(["yosys", "-p", script], cwd=folder, check=True, capture_output=True, text=True).stdout
    statistics = output[output.rindex("Number of cells:") :]
    cells = {name: int(count) for name, count in re.findall(r"^\s+([A-Z][A-Z0-9_]+)\s+(\d+)$", statistics, re.M)}
    # Yosys 0.23 makes CARRY4, of which two are a CARRY8.
    return {
        "lut": sum(count for name, count in cells.items() if name.startswith("LUT")),
        "ff": cells.get("FDRE", 0) + cells.get("FDSE", 0),
        "srl": sum(count for name, count in cells.items() if name.startswith("SRL")),
        "carry8": cells.get("CARRY8", 0) + (cells.get("CARRY4", 0) + 1) // 2,
        "muxf": cells.get("MUXF7", 0) + cells.get("MUXF8", 0),
    }


def main():
    print("| n, activation | product alone | product and its addition | sum with the product in its chain |")
    print("|---|---|---|---|")
    for n, bits in [(1, 16), (2, 16), (3, 16), (4, 16), (5, 16), (3, 8), (4, 8)]:
        alone, added = counted(lane(n, bits, False))["lut"], counted(lane(n, bits, True))
        whole = alone + bits + 3 + largest_shift(n)
        print(f"| {n}, {bits} bits | {alone} | {whole} | {added['lut']} |")
    print("\n| n, activation | built as | LUT a lane | FF a lane | CARRY8 | SRL | MUXF7 |")
    print("|---|---|---|---|---|---|---|")
    ways = [
        ("products, binary tree", {"chain": 1}),
        ("pairs, binary tree", {"chain": 2}),
        ("chains of four, binary tree", {"chain": 4}),
        ("products, ternary tree", {"chain": 1, "ternary": True}),
        ("pairs, ternary tree", {"chain": 2, "ternary": True}),
    ]
    for n, bits in [(1, 16), (2, 16), (3, 16), (4, 16), (5, 16), (3, 8), (4, 8)]:
        for name, way in ways:
            cells = counted(dot_product(n, bits, **way))
            each = [f"{cells[kind] / LANES:.1f}" for kind in ("lut", "ff")]
            rest = [str(cells[kind]) for kind in ("carry8", "srl", "muxf")]
            print(f"| {n}, {bits} bits | {name} | {' | '.join(each + rest)} |", flush=True)


if __name__ == "__main__":
    main()
