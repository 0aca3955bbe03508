// Toggles of a run, summed over the module instances of its Design.

import Design
import Kernel

extension Simulation {
    /// Bits of registers that changed so far, by the path of the scope they are in.
    package var togglesByScope: [String: UInt64] {
        var result: [String: UInt64] = [:]
        for (index, net) in design.nets.enumerated() where net.isRegister {
            let path = design.path(ofScope: net.scope).joined(separator: ".")
            result[path, default: 0] += toggleCount(NetID(index))
        }
        return result
    }
}
