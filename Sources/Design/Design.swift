// The one description of the accelerator: nets, cells and hierarchy as values. One clock, `clk`.
// Consumers: Kernel (runs it), RTLEmitter (prints it), Resources (counts it), traces (name it).

/// A synchronous design of one clock domain.
public struct Design: Sendable, Hashable, Codable {
    /// What the design is, for comments in its text.
    public var name: String
    /// Module instances; the first is `top`, parents stand before their children.
    public var scopes: [Scope]
    /// Every value, indexed by `NetID`.
    public var nets: [Net]
    /// Every primitive, in no order that means anything.
    public var cells: [Cell]
    /// Input ports of `top`, besides `clk`. Vector nets are ports of lanes * width bits, lane 0 lowest.
    public var inputs: [NetID]
    /// Output ports of `top`.
    public var outputs: [NetID]
    /// What ports of `top` mean, where it is said.
    public var meanings: [NetID: String] = [:]

    /// The net of an index of this design.
    public subscript(id: NetID) -> Net { nets[id.index] }

    /// Names of the scopes from `top` down to `scope`.
    public func path(ofScope scope: Int) -> [String] {
        var names: [String] = []
        var current: Int? = scope
        while let index = current {
            names.append(scopes[index].name)
            current = scopes[index].parent
        }
        return names.reversed()
    }

    /// "top.array.pe[3].product"; lane is ignored for scalars.
    public func path(of id: NetID, lane: Int = 0) -> String {
        let net = nets[id.index]
        let local = net.array.map { "\($0)[\(lane)].\(net.name)" } ?? net.name
        return path(ofScope: net.scope).joined(separator: ".") + "." + local
    }

    /// "array.product": the path of a net below `top`, its instance array left out. Ports of small designs are called so.
    public func portPath(of id: NetID) -> String {
        let net = nets[id.index]
        return (path(ofScope: net.scope).dropFirst() + [net.name]).joined(separator: ".")
    }

    /// Bits of state outside block RAM contents.
    public var registerBits: Int { nets.reduce(0) { $0 + ($1.isRegister ? $1.width * $1.lanes : 0) } }

    /// Named signals, lane by lane, without unnamed intermediate results and registers that no pin shows.
    public var signalCount: Int {
        nets.reduce(0) { $0 + ($1.role == .temporary || $1.role == .hiddenRegister ? 0 : $1.lanes) }
    }
}
