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

/// A running Design.
public final class Simulation {
    public let design: Design
    public let options: PlanOptions
    /// Cycles simulated so far.
    public private(set) var cycle = 0

    private let storage: Storage
    private let plan: SimulationPlan
    private let pending: UnsafeMutablePointer<Int64>
    private let activity: UnsafeMutablePointer<UInt64>
    private var observers: [any Observer] = []
    private var devices: [any ExternalDevice] = []

    /// Throws `DesignError` when the Design is structurally wrong.
    public init(_ design: Design, options: PlanOptions) throws {
        try design.validate()
        self.design = design
        self.options = options
        storage = Storage(design.nets)
        var builder = PlanBuilder(design: design, storage: storage, options: options)
        plan = try builder.build()
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
    public func attach(_ device: any ExternalDevice) { devices.append(device) }

    /// Values of the current cycle (before the first cycle: power-up state of registers).
    public var state: StateView { StateView(storage: storage) }
    public var inputs: InputPorts { InputPorts(storage: storage) }

    /// Toggles of a register net so far, all lanes and bits; 0 when not counting.
    public func toggleCount(_ id: NetID) -> UInt64 { activity[id.index] }

    /// One cycle.
    public func step() throws {
        for device in devices { device.drive(cycle: cycle, InputPorts(storage: storage)) }
        evaluate()
        for observer in observers where observer.window.contains(cycle) {
            try observer.observe(cycle: cycle, state)
        }
        for device in devices { device.clock(cycle: cycle, state) }
        commit()
        cycle += 1
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
        plan.scalars.withUnsafeBufferPointer { scalars in
            plan.vectors.withUnsafeBufferPointer { vectors in
                for section in plan.sections {
                    switch section {
                    case .scalars(let range): for index in range { scalars[index].evaluate() }
                    case .vectors(let range): for index in range { vectors[index].evaluate() }
                    }
                }
            }
        }
        for (from, to, bytes) in plan.snapshots { to.copyMemory(from: from, byteCount: bytes) }
    }

    private func commit() {
        let counting = options.countsToggles
        plan.scalarRegisters.withUnsafeBufferPointer { registers in
            for index in registers.indices { pending[index] = registers[index].next() }
            commitBanks(counting: counting)
            if counting {
                for index in registers.indices {
                    let q = registers[index].q
                    let next = pending[index]
                    let difference = (q.pointee ^ next) & registers[index].widthMask
                    if difference != 0 {
                        activity[registers[index].activity] &+= UInt64(difference.nonzeroBitCount)
                        q.pointee = next
                    }
                }
            } else {
                for index in registers.indices { registers[index].q.pointee = pending[index] }
            }
        }
    }

    private func commitBanks(counting: Bool) {
        for bank in plan.banks {
            switch bank {
            case .register(let index):
                let step = plan.registers[index]
                activity[step.activity] &+= UInt64(step.commit(counting: counting))
            case .shiftRegister(let index):
                let step = plan.shiftRegisters[index]
                activity[step.activity] &+= UInt64(step.commit(counting: counting))
            case .memory(let index): plan.memories[index].commit(counting: counting, activity: activity)
            case .dsp(let index): plan.dsps[index].commit(counting: counting, activity: activity)
            }
        }
    }
}
