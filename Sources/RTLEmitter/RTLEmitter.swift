import Design
import Fabric

// A Design as SystemVerilog: one module per scope, one instance per module, the names of the Design unchanged, so that
// Design.path(of:lane:) is the path of the signal in a simulation of the text.
//
// Not emitted: nets of role hiddenRegister (no pin shows them), contents of memories.

/// Prints a Design as SystemVerilog with models of the vendor primitives and scripts for the tools.
public struct RTLEmitter {
    /// All files of a design, with scripts for its target: rtl/*.sv (synthesisable), models/*.sv (simulation only),
    /// bench/ (harness and testbench), synth.ys, top.xdc, vivado.tcl, Makefile.
    /// `resets` are outputs of registers and shift registers that the input `reset` of `top` puts to their power-up
    /// values at the next edge, synchronous and active high; with none there is no such port. It is no data port: like
    /// `clk` it is not in `ports(of:)`, and harness and testbench hold it low.
    /// Throws `RTLError` when the Design has names or connections that SystemVerilog cannot express.
    public static func emit(
        _ design: Design, for target: SynthesisTarget, resets: Set<NetID> = []
    ) throws -> [RTLFile] {
        let ports = try ports(of: design)
        return try modules(of: design, top: "top", resets: resets) + [BlockMemorySource.file] + VendorModels.files
            + ToolScripts.files(for: target)
            + [
                HarnessSource.file(ports, hasReset: !resets.isEmpty),
                TestbenchSource.file(ports, target, hasReset: !resets.isEmpty),
            ]
    }

    /// One file a module; the outermost one's name is `top`.
    static func modules(of design: Design, top: String, resets: Set<NetID>) throws -> [RTLFile] {
        try checkPorts(design)
        let design = design.named
        let routing = try Routing(design)
        let resets = try Resets(resets, of: design)
        let names = moduleNames(design, top: top)
        return try design.scopes.indices.map { scope in
            try ModuleWriter(design, routing, scope: scope, names: names, resets: resets).file()
        }
    }

    /// Data ports of the emitted `top` in the order of stimulus and response files: inputs, then outputs.
    public static func ports(of design: Design) throws -> [RTLPort] {
        let design = design.named
        let routing = try Routing(design)
        return (design.inputs.map { ($0, true) } + design.outputs.map { ($0, false) }).map { id, isInput in
            let net = design[id]
            return RTLPort(
                name: routing.name(of: id.index, in: 0), net: id, lanes: net.lanes, width: net.width,
                signed: net.signed, isInput: isInput)
        }
    }

    private static func checkPorts(_ design: Design) throws {
        let inputs = Set(design.inputs)
        for id in design.outputs where inputs.contains(id) {
            throw RTLError("\(design.path(of: id)) is an input and an output of top")
        }
        guard Set(design.outputs).count == design.outputs.count else { throw RTLError("an output is listed twice") }
    }

    /// The outermost module's, and its prefix + path, made unique: "shiftsim_" of "top", otherwise the name itself.
    private static func moduleNames(_ design: Design, top: String) -> [String] {
        let prefix = top == "top" ? "shiftsim_" : top + "_"
        var taken: Set<String> = [top, BlockMemorySource.module]
        return design.scopes.indices.map { scope in
            if scope == 0 { return top }
            let base = prefix + design.path(ofScope: scope).dropFirst().joined(separator: "_")
            var name = base
            var number = 2
            while !taken.insert(name).inserted {
                name = "\(base)_\(number)"
                number += 1
            }
            return name
        }
    }
}
