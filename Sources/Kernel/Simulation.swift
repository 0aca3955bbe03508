import Design

// The cycle loop. One cycle: devices drive the inputs, logic is evaluated, observers look, state commits, devices
// see the outputs. The Simulation owns all banks; everything else is a value.

/// Why a run ended.
public enum RunEnd: Sendable, Equatable {
    /// The stop net was non-zero in this cycle.
    case stopped(cycle: Int)
    /// The limit was reached first: a deadlock, if the limit follows from the program.
    case limit(cycle: Int)
    case interrupted(cycle: Int)
}

/// An attached device.
private struct DeviceSlot {
    let device: any ExternalDevice
    let wake: UnsafeBufferPointer<UnsafePointer<Int64>>
    var rests: Bool

    @inline(__always) var isWoken: Bool {
        for pointer in wake where pointer.pointee != 0 { return true }
        return false
    }
}

/// A running Design.
public final class Simulation {
    public let design: Design
    public let options: PlanOptions
    /// Cycles simulated so far.
    public private(set) var cycle = 0

    private let storage: Storage
    private let steps: StepTables
    private let pending: UnsafeMutablePointer<Int64>
    private let dirty: UnsafeMutablePointer<UInt64>
    private let masks: UnsafeMutablePointer<UInt64>
    private let activity: UnsafeMutablePointer<UInt64>
    private var observers: [any Observer] = []
    private var devices: [DeviceSlot] = []

    /// Throws `DesignError` when the Design is structurally wrong.
    public init(_ design: Design, options: PlanOptions) throws {
        try design.validate()
        self.design = design
        self.options = options
        storage = Storage(design.nets)
        var builder = PlanBuilder(design: design, storage: storage, options: options)
        let plan = try builder.build()
        steps = StepTables(plan, storage)
        dirty = storage.dirty
        masks = storage.masks
        pending = .allocate(capacity: max(1, plan.scalarRegisters.count))
        pending.initialize(repeating: 0, count: max(1, plan.scalarRegisters.count))
        activity = .allocate(capacity: max(1, design.nets.count))
        activity.initialize(repeating: 0, count: max(1, design.nets.count))
    }

    deinit {
        pending.deallocate()
        activity.deallocate()
    }

    public func attach(_ observer: any Observer) { observers.append(observer) }
    public func attach(_ device: any ExternalDevice) {
        let wake = device.wakeNets.map { id in
            precondition(design[id].lanes == 1, "wake nets are scalars")
            return UnsafePointer(storage.places[id.index].pointer.assumingMemoryBound(to: Int64.self))
        }
        devices.append(DeviceSlot(device: device, wake: storage.keep(wake), rests: false))
    }

    /// Values of the current cycle (before the first cycle: power-up state of registers).
    public var state: StateView { StateView(storage: storage) }
    public var inputs: InputPorts { InputPorts(storage: storage) }

    /// Toggles of a register net so far, all lanes and bits; 0 when not counting.
    public func toggleCount(_ id: NetID) -> UInt64 { activity[id.index] }

    /// One cycle.
    public func step() throws {
        // A device that rests is asleep until a wake net rises; then it sees the whole of that cycle's outputs, and
        // drives again from the next cycle on.
        for index in devices.indices where !devices[index].rests {
            devices[index].device.drive(cycle: cycle, InputPorts(storage: storage))
        }
        evaluate()
        if !observers.isEmpty { try observe() }
        for index in devices.indices {
            if devices[index].rests && !devices[index].isWoken { continue }
            devices[index].rests = devices[index].device.clock(cycle: cycle, state)
        }
        commit()
        cycle += 1
    }

    private func observe() throws {
        for observer in observers where observer.window.contains(cycle) {
            try observer.observe(cycle: cycle, state)
        }
    }

    /// Runs until `stop` is non-zero (that cycle is completed), `limit` cycles have been simulated, or `interrupted`
    /// says so (asked every 4,096 cycles; may report progress).
    public func run(stop: NetID, limit: Int, interrupted: (Int) -> Bool = { _ in false }) throws -> RunEnd {
        while cycle < limit {
            try step()
            if storedStop(stop) { return .stopped(cycle: cycle - 1) }
            if cycle & 4095 == 0 && interrupted(cycle) { return .interrupted(cycle: cycle) }
        }
        return .limit(cycle: cycle)
    }

    /// Value of a stop net after commit: it must be a register or an output of logic of the last evaluation.
    private func storedStop(_ id: NetID) -> Bool { storage.load(id, lane: 0) != 0 }

    // MARK: evaluate and commit

    private func evaluate() {
        let dirty = self.dirty
        let sections = steps.sections.baseAddress
        for segment in steps.segments {
            if dirty.pointee & segment.bit == 0 { continue }
            if !sharesLastBit(segment.bit) { dirty.pointee &= ~segment.bit }
            for position in segment.firstSection..<segment.endSection {
                let section = sections![position]
                if section.isScalar {
                    var step = steps.scalars.baseAddress! + section.first
                    let end = steps.scalars.baseAddress! + section.end
                    while step < end {
                        ScalarStep.evaluate(step)
                        step += 1
                    }
                } else {
                    var step = steps.vectors.baseAddress! + section.first
                    let end = steps.vectors.baseAddress! + section.end
                    while step < end {
                        if step.pointee.isNeeded { VectorStep.evaluate(step) }
                        step += 1
                    }
                }
            }
            for export in segment.exports where export.value.pointee != export.last.pointee {
                export.last.pointee = export.value.pointee
                dirty.pointee |= export.mask
            }
            dirty.pointee |= segment.always
        }
        for copy in steps.snapshots { copy.to.copyMemory(from: copy.from, byteCount: copy.bytes) }
    }

    /// Segments past the last bit share it: it stays set, they always run.
    private func sharesLastBit(_ bit: UInt64) -> Bool {
        steps.segments.count > PlanBuilder.segmentBits && bit == 1 << UInt64(PlanBuilder.segmentBits - 1)
    }

    private func commit() {
        let counting = options.countsToggles
        let dirty = self.dirty
        let masks = self.masks
        let look = dirty.pointee
        let registers = steps.scalarRegisters
        dirty.pointee &= (1 << UInt64(PlanBuilder.segmentBits)) - 1
        for group in steps.groups where look & group.bit != 0 {
            for index in group.first..<group.end { pending[index] = registers[index].next() }
        }
        commitBanks(look, counting: counting)
        for group in steps.groups where look & group.bit != 0 {
            for index in group.first..<group.end {
                let q = registers[index].q
                let next = pending[index]
                if q.pointee == next { continue }
                let net = registers[index].activity
                if counting {
                    activity[net] &+= UInt64(((q.pointee ^ next) & registers[index].widthMask).nonzeroBitCount)
                }
                q.pointee = next
                dirty.pointee |= masks[net]
            }
        }
    }

    private func commitBanks(_ look: UInt64, counting: Bool) {
        let dirty = self.dirty
        let masks = self.masks
        for bank in steps.banks where bank.bit == 0 || look & bank.bit != 0 {
            switch bank.kind {
            case .register:
                let step = steps.registers.baseAddress! + bank.index
                guard step.pointee.isActive else { continue }
                let net = step.pointee.activity
                activity[net] &+= UInt64(step.pointee.commit(counting: counting))
                dirty.pointee |= masks[net]
            case .fused:
                let fused = steps.fused.baseAddress! + bank.index
                if fused.pointee.enable.pointee == 0 { continue }
                VectorStep.evaluate(steps.vectors.baseAddress! + fused.pointee.step)
                dirty.pointee |= masks[fused.pointee.activity]
            case .shiftRegister:
                let step = steps.shiftRegisters.baseAddress! + bank.index
                let net = step.pointee.activity
                let (count, changed) = step.pointee.commit(counting: counting)
                activity[net] &+= UInt64(count)
                if changed { dirty.pointee |= masks[net] }
            case .memory:
                let step = steps.memories.baseAddress! + bank.index
                if step.pointee.commit(counting: counting, activity: activity) {
                    dirty.pointee |= masks[step.pointee.latchActivity] | masks[step.pointee.outputActivity]
                }
            case .dsp:
                let step = steps.dsps.baseAddress! + bank.index
                if step.pointee.commit(counting: counting, activity: activity) {
                    dirty.pointee |= masks[step.pointee.pActivity]
                }
            }
        }
    }
}
