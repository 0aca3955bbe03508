import Design

#if MUTANTS
    import Mutants
#endif

// The cycle loop. One cycle: devices drive the inputs, logic is evaluated, observers look, state commits, devices
// see the outputs. The Simulation owns all banks; everything else is a value.

/// Why a run ended.
public enum RunEnd: Sendable, Equatable {
    /// The stop net was non-zero in this cycle.
    case stopped(cycle: Int)
    /// The limit was reached first: a deadlock, if the limit follows from the program.
    case limit(cycle: Int)
    /// The caller asked for the end.
    case interrupted(cycle: Int)
}

/// An attached device. The loop calls it through a reference that is not counted: its constants are borrowed then.
private final class DeviceSlot {
    let device: any ExternalDevice
    let wake: UnsafeBufferPointer<UnsafePointer<Int64>>
    /// It rests before this cycle.
    var next: Int

    init(_ device: any ExternalDevice, wake: UnsafeBufferPointer<UnsafePointer<Int64>>, next: Int) {
        (self.device, self.wake, self.next) = (device, wake, next)
    }

    @inline(__always) var isWoken: Bool {
        for pointer in wake where pointer.pointee != 0 { return true }
        return false
    }
    @inline(__always) func drive(_ cycle: Int, _ inputs: InputPorts) {
        if next <= cycle { device.drive(cycle: cycle, inputs) }
    }
    @inline(__always) func clock(_ cycle: Int, _ state: StateView) {
        if next <= cycle || isWoken { next = device.clock(cycle: cycle, state) }
    }
}

/// An attached observer, called in the same way.
private final class ObserverSlot {
    let observer: any Observer
    let window: Range<Int>

    init(_ observer: any Observer) { (self.observer, window) = (observer, observer.window) }

    @inline(__always) func observe(_ cycle: Int, _ state: StateView) throws {
        if window.contains(cycle) { try observer.observe(cycle: cycle, state) }
    }
    @inline(__always) func observe(_ cycle: Int, count: Int, _ state: StateView) throws {
        try observer.observe(cycle: cycle, count: count, state)
    }
}

/// A running Design.
public final class Simulation {
    /// What runs.
    public let design: Design
    /// What was asked for besides bits and cycles.
    public let options: PlanOptions
    /// Cycles simulated so far.
    public private(set) var cycle = 0

    private let storage: Storage
    private let steps: StepTables
    private let pending: UnsafeMutablePointer<Int64>
    private let dirty: UnsafeMutablePointer<DirtyBits>
    private let masks: UnsafeMutablePointer<DirtyBits>
    private let always: DirtyBits
    private let banksPerBit: Int
    /// Bits of the two-phase groups.
    private let twoPhase: UInt64
    private let activity: UnsafeMutablePointer<UInt64>
    private var observers = UnsafeMutableBufferPointer<Unmanaged<ObserverSlot>>(start: nil, count: 0)
    private var devices = UnsafeMutableBufferPointer<Unmanaged<DeviceSlot>>(start: nil, count: 0)
    /// Values of the current cycle (before the first cycle: power-up state of registers).
    public let state: StateView
    /// The input ports, for whoever drives them without a device.
    public let inputs: InputPorts

    /// A Design at power-up. Throws `DesignError` when the Design is structurally wrong or has what the kernel does not
    /// model.
    public convenience init(_ design: Design, options: PlanOptions) throws {
        try design.validate()
        try self.init(checked: design, options: options)
    }

    /// The simulation of a Design that has been checked already, as an accelerator's has: images that share one need
    /// not check it again.
    public convenience init(checked design: Design, options: PlanOptions) throws {
        try self.init(checked: design, options: options, sideBySide: [])
    }

    /// The same; the nets of `sideBySide` lie so in memory, in that order, lane after lane of 64 bits.
    package init(checked design: Design, options: PlanOptions, sideBySide: [NetID]) throws {
        self.design = design
        self.options = options
        storage = Storage(design.nets, first: sideBySide)
        (state, inputs) = (StateView(storage: storage), InputPorts(storage: storage))
        var builder = PlanBuilder(design: design, storage: storage, options: options)
        let plan = try builder.build()
        steps = StepTables(plan, storage)
        dirty = storage.dirty
        masks = storage.masks
        always = plan.always
        banksPerBit = plan.banksPerBit
        // Groups that share a bit must be of one sort.
        twoPhase =
            plan.groups.count > DirtyBits.groups
            ? ~0 : plan.groups.indices.reduce(0) { plan.groups[$1].isTwoPhase ? $0 | DirtyBits.group($1)[2] : $0 }
        pending = .allocate(capacity: max(1, plan.scalarRegisters.count))
        pending.initialize(repeating: 0, count: max(1, plan.scalarRegisters.count))
        activity = .allocate(capacity: max(1, design.nets.count))
        activity.initialize(repeating: 0, count: max(1, design.nets.count))
    }

    deinit {
        pending.deallocate()
        activity.deallocate()
        for slot in observers { slot.release() }
        for slot in devices { slot.release() }
        observers.deallocate()
        devices.deallocate()
    }

    /// Adds an observer; in each cycle they look in the order in which they were attached.
    public func attach(_ observer: any Observer) {
        observers.append(.passRetained(ObserverSlot(observer)))
        observer.attached(to: state)
    }

    /// Adds a device, which drives and is clocked in the order of attaching. Its wake nets must be scalars.
    public func attach(_ device: any ExternalDevice) {
        let wake = device.wakeNets.map { id in
            precondition(design[id].lanes == 1, "wake nets are scalars")
            return UnsafePointer(storage.places[id.index].pointer.assumingMemoryBound(to: Int64.self))
        }
        devices.append(.passRetained(DeviceSlot(device, wake: storage.keep(wake), next: cycle)))
        device.attached(to: state, inputs)
    }

    /// Toggles of a register net so far, all lanes and bits; 0 when not counting.
    public func toggleCount(_ id: NetID) -> UInt64 {
        #if MUTANTS
            if isPlanted("toggle-count") { return activity[id.index] + 1 }
        #endif
        return activity[id.index]
    }

    /// One cycle. Throws what an observer throws.
    public func step() throws {
        // A device that rests is asleep until a wake net rises; then it sees the whole of that cycle's outputs, and
        // drives again from the next cycle on.
        for index in devices.indices { devices[index]._withUnsafeGuaranteedRef { $0.drive(cycle, inputs) } }
        evaluate()
        for index in observers.indices {
            try observers[index]._withUnsafeGuaranteedRef { try $0.observe(cycle, state) }
        }
        for index in devices.indices { devices[index]._withUnsafeGuaranteedRef { $0.clock(cycle, state) } }
        commit()
        cycle += 1
    }

    /// Gives logic its values from registers and inputs as they are, for who must see outputs before other inputs of the
    /// cycle are known: the cycle itself is still to be stepped, and may be with other inputs.
    package func settle() { evaluate() }

    /// Skips cycles, at most so many, in which nothing changes: no part of the plan has anything to do, and all devices
    /// rest. Returns how many; toggles, devices and observers are as if they had been simulated.
    package func jump(atMost most: Int) throws -> Int {
        // Segments without a bit of their own may have something to do at any time.
        guard (dirty.pointee & ~always) == .zero, steps.segments.count <= DirtyBits.segments else { return 0 }
        var end = cycle + most
        for index in devices.indices {
            end = min(end, devices[index]._withUnsafeGuaranteedRef { $0.isWoken ? cycle : $0.next })
        }
        guard end > cycle else { return 0 }
        for index in observers.indices {
            try observers[index]._withUnsafeGuaranteedRef { try $0.observe(cycle, count: end - cycle, state) }
        }
        defer { cycle = end }
        return end - cycle
    }

    /// Runs until `stop` is non-zero (that cycle is completed), `limit` cycles have been simulated, or `interrupted`
    /// says so (asked every 4,096 cycles; may report progress). Throws what an observer throws.
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

    /// Runs the segments whose bit is set, in order: a segment only ever marks later ones. Bits are asked for in turn,
    /// by bytes and bits, which a processor predicts well; finding the next set bit would make each segment wait for
    /// the one before.
    private func evaluate() {
        let segments = steps.segments
        let bytes = UnsafeRawPointer(dirty).assumingMemoryBound(to: UInt8.self)
        let counted = min(segments.count, DirtyBits.segments)
        for byte in 0..<(counted &+ 7) / 8 where bytes[byte] != 0 {
            for bit in 0..<8 where bytes[byte] & (1 << UInt8(truncatingIfNeeded: bit)) != 0 {
                run(segments.baseAddress! + (8 &* byte &+ bit))
            }
        }
        for rest in counted..<segments.count { run(segments.baseAddress! + rest) }
        for copy in steps.snapshots { copy.to.copyMemory(from: copy.from, byteCount: copy.bytes) }
    }

    @inline(__always) private func run(_ segment: UnsafePointer<SimulationPlan.Segment>) {
        let scalars = segment.pointee.scalars
        if !scalars.isEmpty {
            var step = steps.scalars.baseAddress! + scalars.lowerBound
            let end = steps.scalars.baseAddress! + scalars.upperBound
            while step < end {
                ScalarStep.evaluate(step)
                step += 1
            }
            return export(segment)
        }
        runSections(segment)
        export(segment)
        dirty.pointee |= segment.pointee.always
    }

    private func runSections(_ segment: UnsafePointer<SimulationPlan.Segment>) {
        for position in segment.pointee.firstSection..<segment.pointee.endSection {
            let section = steps.sections.baseAddress! + position
            if section.pointee.isScalar {
                var step = steps.scalars.baseAddress! + section.pointee.first
                let end = steps.scalars.baseAddress! + section.pointee.end
                while step < end {
                    ScalarStep.evaluate(step)
                    step += 1
                }
            } else {
                var step = steps.vectors.baseAddress! + section.pointee.first
                let end = steps.vectors.baseAddress! + section.pointee.end
                while step < end {
                    if step.pointee.isNeeded { VectorStep.evaluate(step) }
                    step += 1
                }
            }
        }
    }

    @inline(__always) private func export(_ segment: UnsafePointer<SimulationPlan.Segment>) {
        let exports = segment.pointee.exports
        for index in 0..<exports.count where exports[index].value.pointee != exports[index].last {
            exports[index].last = exports[index].value.pointee
            dirty.pointee |= exports[index].mask
        }
    }

    private func commit() {
        let look = dirty.pointee
        dirty.pointee = always
        let groups = steps.groups.baseAddress!
        let registers = steps.scalarRegisters.baseAddress!
        forEachBit(look[2] & twoPhase, steps.groups.count) { position in
            for index in groups[position].first..<groups[position].end { pending[index] = registers[index].next() }
        }
        let banks = steps.banks
        forEachBit(look[3], (banks.count &+ banksPerBit &- 1) / banksPerBit) { bit in
            for bank in bit &* banksPerBit..<min(bit &* banksPerBit &+ banksPerBit, banks.count) {
                commit(banks.baseAddress! + bank)
            }
        }
        forEachBit(look[2] & ~twoPhase, steps.groups.count) { position in
            for index in groups[position].first..<groups[position].end {
                update(registers + index, registers[index].next())
            }
        }
        forEachBit(look[2] & twoPhase, steps.groups.count) { position in
            for index in groups[position].first..<groups[position].end { update(registers + index, pending[index]) }
        }
    }

    @inline(__always) private func update(_ register: UnsafePointer<ScalarRegisterStep>, _ next: Int64) {
        let q = register.pointee.q
        if q.pointee == next { return }
        let net = register.pointee.activity
        if options.countsToggles {
            activity[net] &+= UInt64(((q.pointee ^ next) & register.pointee.widthMask).nonzeroBitCount)
        }
        q.pointee = next
        dirty.pointee |= masks[net]
    }

    /// Calls `body` with the positions below `count` whose bit is set, in order; those past the last bit share it.
    @inline(__always) private func forEachBit(_ bits: UInt64, _ count: Int, _ body: (Int) -> Void) {
        if bits == 0 { return }
        for byte in 0..<(min(count, 64) &+ 7) / 8 where (bits >> UInt64(truncatingIfNeeded: 8 &* byte)) & 255 != 0 {
            for position in 8 &* byte..<8 &* byte &+ 8
            where (bits >> UInt64(truncatingIfNeeded: position)) & 1 != 0 { body(position) }
        }
        if bits >> 63 != 0 { for rest in 64..<max(64, count) { body(rest) } }
    }

    @inline(__always) private func commit(_ bank: UnsafePointer<SimulationPlan.Bank>) {
        if bank.pointee.enable.pointee == 0 { return }
        let counting = options.countsToggles
        switch bank.pointee.kind {
        case .register:
            let step = steps.registers.baseAddress! + bank.pointee.index
            guard step.pointee.isActive else { return }
            let net = step.pointee.activity
            activity[net] &+= UInt64(step.pointee.commit(counting: counting))
            dirty.pointee |= masks[net]
        case .fused:
            let fused = steps.fused.baseAddress! + bank.pointee.index
            VectorStep.evaluate(steps.vectors.baseAddress! + fused.pointee.step)
            dirty.pointee |= masks[fused.pointee.activity]
        case .shiftRegister:
            let step = steps.shiftRegisters.baseAddress! + bank.pointee.index
            let net = step.pointee.activity
            let (count, changed) = step.pointee.commit(counting: counting)
            activity[net] &+= UInt64(count)
            if changed { dirty.pointee |= masks[net] }
            if !step.pointee.isSettled { dirty.pointee |= bank.pointee.bit }
        case .memory:
            let step = steps.memories.baseAddress! + bank.pointee.index
            if step.pointee.commit(counting: counting, activity: activity) {
                dirty.pointee |=
                    masks[step.pointee.latchActivity] | masks[step.pointee.outputActivity] | bank.pointee.bit
            }
        case .dsp:
            let step = steps.dsps.baseAddress! + bank.pointee.index
            if step.pointee.commit(counting: counting, activity: activity) {
                dirty.pointee |= masks[step.pointee.pActivity] | bank.pointee.bit
            }
        }
    }
}

extension UnsafeMutableBufferPointer {
    /// The same with an element more. Only for plain data.
    fileprivate mutating func append(_ element: Element) {
        let grown = UnsafeMutablePointer<Element>.allocate(capacity: count + 1)
        if let baseAddress { grown.moveInitialize(from: baseAddress, count: count) }
        (grown + count).initialize(to: element)
        let size = count + 1
        deallocate()
        self = UnsafeMutableBufferPointer(start: grown, count: size)
    }
}
