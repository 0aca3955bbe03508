// Control, run ahead of the data path: the same for all images, since data never influences it. A stream fills one
// block of cycles after the other with what the data path reads; whoever holds the data follows behind.

import Design
import Kernel

/// What fills blocks: the definition (`PlainControl`), or what is equal to it and faster (`LayeredControl`).
protocol ControlRunner: AnyObject {
    /// Cycles run so far.
    var cycle: Int { get }
    /// The Design's input ports.
    var inputs: InputPorts { get }
    /// Adds a device at the ports.
    func attach(_ device: any ExternalDevice)
    /// Adds somebody who looks on.
    func attach(_ observer: any Observer)
    /// Runs on for the block's capacity, to `limit` cycles in all, or to the end of the cycle that makes `stop` non-zero or
    /// in which a cut is asked for.
    func fill(_ block: ControlBlock, stop: NetID, limit: Int, cut: BlockCut) throws
    /// Toggles of a register of control, all lanes and bits.
    func toggleCount(_ id: NetID) -> UInt64
}

/// Control of a Design that falls apart, from power-up on.
package final class ControlStream {
    private let runner: any ControlRunner
    private let traffic: TrafficLog

    /// Control on the plain kernel, every net in every cycle. Memory, to be attached, has `traffic` behind it.
    package init(plain separation: Separation, traffic: TrafficLog, countsToggles: Bool) throws {
        self.traffic = traffic
        runner = try PlainControl(separation.controlDesign(), traffic: traffic, countsToggles: countsToggles)
    }

    /// Control in layers (docs/internals/Kernel.md): the same, many times faster. Observers see the nets of `watched` and
    /// the ports; others may stand still.
    package init(
        layered separation: Separation, watching watched: [NetID], traffic: TrafficLog, countsToggles: Bool,
        level: RowLevel = .best
    ) throws {
        self.traffic = traffic
        runner = try LayeredControl(
            separation, watching: watched, traffic: traffic, countsToggles: countsToggles, level: level)
    }

    /// Cycles run so far.
    package var cycle: Int { runner.cycle }
    /// The Design's input ports, for the host's addresses.
    package var inputs: InputPorts { runner.inputs }

    /// Adds a device, which drives and is clocked in the order of attaching.
    package func attach(_ device: any ExternalDevice) { runner.attach(device) }

    /// Adds an observer of control; what belongs to the data path it sees as zero.
    package func attach(_ observer: any Observer) { runner.attach(observer) }

    /// Runs on and fills a block: to its capacity, until `limit` cycles have been run in all, or to the end of the cycle
    /// that makes `stop` non-zero (`isLast`) or in which an observer asks for a cut. Throws what an observer throws.
    package func fill(_ block: ControlBlock, stop: NetID, limit: Int, cut: BlockCut = BlockCut()) throws {
        cut.isAsked = false
        traffic.begin(block)
        try runner.fill(block, stop: stop, limit: limit, cut: cut)
        if block.isLast { traffic.endProgram() }
    }

    /// Toggles of a register of control so far, all lanes and bits; 0 when not counting.
    package func toggleCount(_ id: NetID) -> UInt64 { runner.toggleCount(id) }
}
