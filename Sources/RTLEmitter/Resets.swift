import Design

// The reset of the emitted text. The Design has none: its registers have power-up values. The text gets the input
// `reset` down to every module with a register that is to have one.

/// Which registers the reset puts to their power-up values, and which modules have the port.
struct Resets {
    /// Outputs of registers and shift registers.
    let nets: Set<NetID>
    /// Modules that have such a register, or an instance that does.
    private(set) var scopes: Set<Int> = []

    /// Throws `RTLError` for a net that is no register's, and for names that the port needs.
    init(_ nets: Set<NetID>, of design: Design) throws {
        self.nets = nets
        var known: Set<NetID> = []
        for cell in design.cells {
            switch cell {
            case .register(let cell): known.insert(cell.output)
            case .shiftRegister(let cell): known.insert(cell.output)
            default: break
            }
        }
        for id in nets.sorted() {
            guard known.contains(id) else {
                throw RTLError("\(design.path(of: id)): the reset takes registers and shift registers only")
            }
            var scope: Int? = design[id].scope
            while let index = scope {
                scopes.insert(index)
                scope = design.scopes[index].parent
            }
        }
        guard !nets.isEmpty else { return }
        for (index, net) in design.nets.enumerated() where net.name == "reset" || net.array == "reset" {
            throw RTLError("\(design.path(of: NetID(index))): reset is the name of the reset")
        }
    }
}
