import Design

// The two seams of the kernel: who watches, and what answers at the memory ports.

/// Read access to the values of nets in the current cycle.
public struct StateView {
    let storage: Storage

    /// Value of one lane, sign- or zero-extended as the net says.
    @inlinable public func value(_ id: NetID, lane: Int = 0) -> Int64 { load(id, lane) }

    @usableFromInline func load(_ id: NetID, _ lane: Int) -> Int64 { storage.load(id, lane: lane) }

    /// Where a lane that is stored in 64 bits lies, as long as the simulation does.
    package func scalar(_ id: NetID, lane: Int = 0) -> UnsafePointer<Int64> {
        let place = storage.places[id.index]
        precondition(place.element == .int64 && lane < place.lanes)
        return UnsafePointer(place.pointer.assumingMemoryBound(to: Int64.self) + lane)
    }

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
    /// Cycles to be shown, the same all the while; others cost nothing.
    var window: Range<Int> { get }
    /// Is attached, to one Simulation in its life and before anything else is called: what it looks at in every cycle, it
    /// may find once and for all.
    func attached(to state: StateView)
    /// Sees one cycle; what it throws ends the run.
    func observe(cycle: Int, _ state: StateView) throws
    /// Sees `count` cycles from `cycle` on in which all nets stand still. As many calls of the other, where an observer
    /// does not do better.
    func observe(cycle: Int, count: Int, _ state: StateView) throws
}

extension Observer {
    /// Finds nothing.
    public func attached(to state: StateView) {}

    /// Cycle by cycle.
    public func observe(cycle: Int, count: Int, _ state: StateView) throws {
        for each in cycle..<cycle + count where window.contains(each) { try observe(cycle: each, state) }
    }
}

/// What stands outside the Design's ports. `drive` sets the inputs of a cycle from the device's state alone,
/// `clock` sees the outputs of that cycle and moves on: no combinational path leads through a device.
public protocol ExternalDevice: AnyObject {
    /// While the device rests and all these nets are zero, it is not called: its ports stay as they are.
    var wakeNets: [NetID] { get }
    /// Is attached, to one Simulation in its life and before anything else is called: the ports that it asks in every
    /// cycle, it may find once and for all.
    func attached(to state: StateView, _ inputs: InputPorts)
    /// Sets the input ports of a cycle from the device's own state.
    func drive(cycle: Int, _ inputs: InputPorts)
    /// Sees the outputs of the cycle and moves the device on. Returns the next cycle in which it must be called: until
    /// then it rests, and its ports stay as they are unless a wake net is non-zero. `Int.max`: for ever. A device that
    /// cannot tell returns the cycle after this one.
    func clock(cycle: Int, _ state: StateView) -> Int
}

extension ExternalDevice {
    /// Finds nothing.
    public func attached(to state: StateView, _ inputs: InputPorts) {}
}

/// Write access to the input ports of a Design.
public struct InputPorts {
    let storage: Storage

    /// Sets one lane of an input port. Values must be canonical: within the port's width, sign- or zero-extended.
    public func set(_ id: NetID, lane: Int = 0, _ value: Int64) {
        if storage.load(id, lane: lane) != value { storage.store(value, id, lane: lane) }
    }

    /// One port that is a scalar, as long as the simulation lives.
    package func slot(_ id: NetID) -> InputSlot {
        let place = storage.places[id.index]
        precondition(place.lanes == 1 && place.element == .int64)
        return InputSlot(
            value: place.pointer.assumingMemoryBound(to: Int64.self), readers: storage.masks + id.index,
            dirty: storage.dirty)
    }
}

/// An input port that is set often: no table is asked where it is.
package struct InputSlot {
    let value: UnsafeMutablePointer<Int64>
    let readers: UnsafeMutablePointer<DirtyBits>
    let dirty: UnsafeMutablePointer<DirtyBits>

    /// Sets the port, as `InputPorts.set` does.
    @inline(__always) package func set(_ new: Int64) {
        if value.pointee != new { change(to: new) }
    }

    @usableFromInline func change(to new: Int64) {
        dirty.pointee |= readers.pointee
        value.pointee = new
    }
}
