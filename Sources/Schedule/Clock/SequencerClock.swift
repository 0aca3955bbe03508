// The sequencer and the engines' instructions, cycle by cycle in which something begins, ends or is handed over
// (Accelerator/Engines/Sequencer, Tokens). In a cycle all is decided by what stands in the registers; what it changes
// holds from the next one on.

import Accelerator

/// Tokens that an instruction takes and gives.
private struct TokenFlags {
    var popLoad = false, popCompute = false, popStore = false
    var pushLoad = false, pushCompute = false, pushStore = false

    init() {}

    init(_ i: Instruction) {
        (popLoad, pushLoad) = (i[CommonField.popLoad] == 1, i[CommonField.pushLoad] == 1)
        (popCompute, pushCompute) = (i[CommonField.popCompute] == 1, i[CommonField.pushCompute] == 1)
        (popStore, pushStore) = (i[CommonField.popStore] == 1, i[CommonField.pushStore] == 1)
    }
}

/// The counters, giver first; they wrap as those of 4 bits do.
private struct TokenCounters {
    private var loadToCompute = 0, computeToLoad = 0, computeToStore = 0, storeToCompute = 0, storeToLoad = 0

    func allowLoad(_ flags: TokenFlags) -> Bool {
        (!flags.popCompute || computeToLoad > 0) && (!flags.popStore || storeToLoad > 0)
    }
    func allowCompute(_ flags: TokenFlags) -> Bool {
        (!flags.popLoad || loadToCompute > 0) && (!flags.popStore || storeToCompute > 0)
    }
    func allowStore(_ flags: TokenFlags) -> Bool { !flags.popCompute || computeToStore > 0 }

    mutating func takeForLoad(_ flags: TokenFlags) {
        if flags.popCompute { step(&computeToLoad, -1) }
        if flags.popStore { step(&storeToLoad, -1) }
    }
    mutating func takeForCompute(_ flags: TokenFlags) {
        if flags.popLoad { step(&loadToCompute, -1) }
        if flags.popStore { step(&storeToCompute, -1) }
    }
    mutating func takeForStore(_ flags: TokenFlags) {
        if flags.popCompute { step(&computeToStore, -1) }
    }

    mutating func giveByLoad(_ flags: TokenFlags) {
        if flags.pushCompute { step(&loadToCompute, 1) }
    }
    mutating func giveByCompute(_ flags: TokenFlags) {
        if flags.pushLoad { step(&computeToLoad, 1) }
        if flags.pushStore { step(&computeToStore, 1) }
    }
    mutating func giveByStore(_ flags: TokenFlags) {
        if flags.pushCompute { step(&storeToCompute, 1) }
        if flags.pushLoad { step(&storeToLoad, 1) }
    }

    private func step(_ counter: inout Int, _ by: Int) { counter = (counter + by) & 15 }
}

/// The instruction stream of one engine.
private struct StreamClock {
    let opcode: Int
    /// Where the next instruction to be fetched stands in the program; the end of the segment: the stream's end.
    var next = 0
    /// An instruction is waiting; the stream has ended.
    var isWaiting = false, hasEnded = true
    var waiting = 0
    /// An instruction is the current one; the engine works on it.
    var isValid = false, isBusy = false
    var current = 0
    var flags = TokenFlags()

    init(_ engine: Opcode) { opcode = engine.rawValue }

    /// Nothing is waiting: an instruction, or the end, is to be fetched.
    var wants: Bool { !isWaiting && !hasEnded }
    /// The waiting instruction becomes the current one at the end of this cycle.
    var moves: Bool { isWaiting && !isValid }

    mutating func start(_ program: [Instruction], _ segment: Range<Int>) {
        next = segment.lowerBound
        hasEnded = false
        skip(program, segment)
    }

    /// What was fetched has arrived.
    mutating func arrive(_ program: [Instruction], _ segment: Range<Int>) {
        guard next < segment.upperBound else {
            hasEnded = true
            return
        }
        waiting = next
        isWaiting = true
        next += 1
        skip(program, segment)
    }

    /// Goes on to the stream's next instruction in the program.
    private mutating func skip(_ program: [Instruction], _ segment: Range<Int>) {
        while next < segment.upperBound, program[next][CommonField.opcode] != opcode { next += 1 }
    }

    mutating func move(_ program: [Instruction]) {
        current = waiting
        flags = TokenFlags(program[current])
        (isWaiting, isValid) = (false, true)
    }

    mutating func end() { (isValid, isBusy) = (false, false) }
}

/// A run of a program's segments from power-up on.
struct SequencerClock {
    private let parameters: AcceleratorParameters
    private let program: [Instruction]
    private var memory: MemoryClock
    private var load = StreamClock(.load), compute = StreamClock(.compute), store = StreamClock(.store)
    private var tokens = TokenCounters()
    private var fetchTarget: Opcode?
    private var computeFinish = MemoryClock.never
    /// The cycle that is looked at; between segments, cycles so far.
    private(set) var cycle = 0
    private(set) var begins: [Int]
    private(set) var finishes: [Int]

    init(_ clock: ProgramClock, _ program: [Instruction]) {
        parameters = clock.parameters
        self.program = program
        memory = MemoryClock(clock)
        begins = [Int](repeating: 0, count: program.count)
        finishes = begins
    }

    /// Runs a segment from the cycle of its start on; false where it never ends.
    mutating func run(_ segment: Range<Int>) -> Bool {
        load.start(program, segment)
        compute.start(program, segment)
        store.start(program, segment)
        // In the cycle of the start nobody works.
        guard pass(to: cycle + 1) else { return false }
        while true {
            if memory.fetched == cycle { deliver(segment) }
            if isDone { return pass(to: cycle + 1) }
            guard pass(to: evaluate() ? cycle + 1 : nextEvent) else { return false }
        }
    }

    /// All streams have ended and no engine works.
    private var isDone: Bool {
        load.hasEnded && compute.hasEnded && store.hasEnded && !load.isValid && !compute.isValid && !store.isValid
    }

    /// The next cycle in which an instruction is there or an engine finishes, as far as that is known.
    private var nextEvent: Int { min(memory.fetched, memory.loadFinish, memory.storeFinish, computeFinish) }

    /// Goes on to a cycle, or to an earlier one in which memory is done with something.
    private mutating func pass(to next: Int) -> Bool {
        cycle = memory.isLimited ? memory.advance(from: cycle, to: next) : next
        return cycle != MemoryClock.never
    }

    // MARK: the cycle

    /// What happens in the cycle; whether it changes what the next one sees.
    private mutating func evaluate() -> Bool {
        let target = fetchTarget == nil ? wanted : nil
        var changes = beginLoad()
        if beginCompute() { changes = true }
        if beginStore() { changes = true }
        if move() { changes = true }
        if finish() { changes = true }
        if let target {
            fetchTarget = target
            memory.fetch(at: cycle)
            changes = true
        }
        return changes
    }

    /// The engine for which the fetch unit begins: compute before load before store.
    private var wanted: Opcode? { compute.wants ? .compute : load.wants ? .load : store.wants ? .store : nil }

    /// An instruction has arrived.
    private mutating func deliver(_ segment: Range<Int>) {
        switch fetchTarget {
        case .load: load.arrive(program, segment)
        case .compute: compute.arrive(program, segment)
        case .store: store.arrive(program, segment)
        case .end, nil: break
        }
        fetchTarget = nil
        memory.fetched = MemoryClock.never
    }

    /// Hands waiting instructions to engines that have none.
    private mutating func move() -> Bool {
        guard load.moves || compute.moves || store.moves else { return false }
        if load.moves { load.move(program) }
        if compute.moves { compute.move(program) }
        if store.moves { store.move(program) }
        return true
    }

    // MARK: engines

    private mutating func beginLoad() -> Bool {
        guard load.isValid, !load.isBusy, tokens.allowLoad(load.flags) else { return false }
        tokens.takeForLoad(load.flags)
        load.isBusy = true
        begins[load.current] = cycle
        memory.load(LoadWalk(program[load.current], parameters), at: cycle)
        return true
    }

    private mutating func beginCompute() -> Bool {
        guard compute.isValid, !compute.isBusy, tokens.allowCompute(compute.flags) else { return false }
        tokens.takeForCompute(compute.flags)
        compute.isBusy = true
        begins[compute.current] = cycle
        computeFinish = cycle + parameters.computeCycles(program[compute.current]) - 1
        return true
    }

    private mutating func beginStore() -> Bool {
        guard store.isValid, !store.isBusy, tokens.allowStore(store.flags) else { return false }
        tokens.takeForStore(store.flags)
        store.isBusy = true
        begins[store.current] = cycle
        memory.store(beats: CyclePrediction.storeBeats(program[store.current]), at: cycle)
        return true
    }

    /// Ends the instructions whose engines finish in this cycle.
    private mutating func finish() -> Bool {
        var changes = false
        if memory.loadFinish == cycle {
            memory.loadFinish = MemoryClock.never
            tokens.giveByLoad(load.flags)
            finishes[load.current] = cycle
            load.end()
            changes = true
        }
        if computeFinish == cycle {
            computeFinish = MemoryClock.never
            tokens.giveByCompute(compute.flags)
            finishes[compute.current] = cycle
            compute.end()
            changes = true
        }
        if memory.storeFinish == cycle {
            memory.storeFinish = MemoryClock.never
            tokens.giveByStore(store.flags)
            finishes[store.current] = cycle
            store.end()
            changes = true
        }
        return changes
    }
}
