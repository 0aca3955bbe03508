import Design

// The two seams of the kernel: who watches, and what answers at the memory ports.

/// Read access to the values of nets in the current cycle.
public struct StateView {
    let storage: Storage

    /// Value of one lane, sign- or zero-extended as the net says.
    @inlinable public func value(_ id: NetID, lane: Int = 0) -> Int64 { load(id, lane) }

    @usableFromInline func load(_ id: NetID, _ lane: Int) -> Int64 { storage.load(id, lane: lane) }

    /// Number of lanes of a net.
    public func lanes(of id: NetID) -> Int { storage.places[id.index].lanes }

    /// Calls `body` with the raw lanes of a net: 32-bit elements if the flag is true, else 64-bit ones.
    public func withLanes<R>(_ id: NetID, _ body: (_ lanes: UnsafeRawPointer, _ is32: Bool) throws -> R) rethrows -> R {
        let place = storage.places[id.index]
        return try body(place.pointer, place.element == .int32)
    }
}

/// Called once per cycle in which it wants to look, when every net has its value and before registers commit.
public protocol Observer: AnyObject {
    /// Cycles to be shown; others cost nothing.
    var window: Range<Int> { get }
    /// Sees one cycle; what it throws ends the run.
    func observe(cycle: Int, _ state: StateView) throws
}

/// What stands outside the Design's ports. `drive` sets the inputs of a cycle from the device's state alone,
/// `clock` sees the outputs of that cycle and moves on: no combinational path leads through a device.
public protocol ExternalDevice: AnyObject {
    /// While the device rests and all these nets are zero, it is not called: its outputs stay as they are.
    var wakeNets: [NetID] { get }
    /// Sets the input ports of a cycle from the device's own state.
    func drive(cycle: Int, _ inputs: InputPorts)
    /// Sees the outputs of the cycle and moves the device on. Returns whether the device rests: nothing will change at its ports until a wake net is non-zero.
    func clock(cycle: Int, _ state: StateView) -> Bool
}

/// Write access to the input ports of a Design.
public struct InputPorts {
    let storage: Storage

    /// Sets one lane of an input port. Values must be canonical: within the port's width, sign- or zero-extended.
    public func set(_ id: NetID, lane: Int = 0, _ value: Int64) {
        if storage.load(id, lane: lane) != value { storage.store(value, id, lane: lane) }
    }
}
