// The tiles of a part of a layer: of all that fit, those with which it ends first behind the part before it. The space:
//   rows       ceil(height / n) for every n
//   columns    the whole width; where not even a row fits, the widest of ceil(width / n) that does
//   groups     ceil(groups / n) for every n, of output channels
//   loops      groups inside places of the map, or places inside groups
//   weights    whole; in parts where half of their buffer does not hold an output group's
// Tiles take up to a whole buffer: the next one loads where there is room, as BufferTurns says. Candidates are ranked by
// TileCost, and programs of the first of them are emitted and counted.

import Accelerator
import Diagnostics
import Networks

/// The tiles of the parts so far, and what they were chosen from.
struct TileSearch {
    /// A part with its tiles, and how it began.
    fileprivate struct Chosen {
        var part: LayerPart
        var passes: WeightPasses?
        var loaded: LoadedFeatures?
        /// The buffers' turns before it.
        var turns: BufferTurns
    }

    /// The parts that come before, the last one last.
    fileprivate var recent: [Chosen] = []
    fileprivate var known: [Key: TileChoice] = [:]

    /// What a choice depends on.
    fileprivate struct Key: Hashable {
        var part: PartKey
        var recent: [PartKey]
        /// The features are in the buffer.
        var isLoaded: Bool
        /// Nothing comes behind the layer.
        var endsProgram: Bool
    }

    fileprivate struct PartKey: Hashable {
        var shape: LayerShape
        var tile: TileShape?
        var inputs: Int
        var outputs: Int
        var hasResidual: Bool
        var hasPreActivation: Bool
        var regions: Int
        /// The part before has written what this one reads.
        var follows: Bool

        init(_ part: LayerPart, tile: TileShape?, after previous: LayerPart?) {
            shape = part.shape
            self.tile = tile
            (inputs, outputs) = (part.input.count, part.output.count)
            (hasResidual, hasPreActivation) = (part.layer.residual != nil, part.layer.preActivation != nil)
            regions = part.layer.regions.count
            follows = previous.map { $0.layer.name == part.layer.input } ?? false
        }
    }
}

/// Chosen tiles, and how they compare.
struct TileChoice: Sendable {
    var tile: TileShape
    /// Tilings in the space; those whose programs were counted.
    var candidates: Int
    var counted: Int
    /// Cycles behind the part before; no tiling of the space takes fewer than `bound`, alone.
    var cycles: Int
    var bound: Int
    /// The best of the others that were counted, three at most.
    var next: [CountedTile]
}

/// What is least of a schedule: cycles, and bytes that move to and from external memory.
struct ScheduleCost: Comparable {
    var cycles: Int
    var bytes: Int

    /// Bytes that weigh as much as a cycle: as much energy. A byte moved takes some 120 pJ (DDR4-2133, streaming), a ZCU102 of
    /// 5 W at 200 MHz 25 nJ a cycle. And traffic that a layer does not need is in the way of the next one's loads.
    private static let bytesOfACycle = 200

    private var weight: Int { cycles * ScheduleCost.bytesOfACycle + bytes }

    static func < (one: ScheduleCost, other: ScheduleCost) -> Bool { one.weight < other.weight }
}

extension AcceleratorParameters {
    /// Bytes that an instruction moves to or from external memory.
    func externalBytes(_ i: Instruction) -> Int {
        switch Opcode(rawValue: i[CommonField.opcode])! {
        case .load: CyclePrediction.loadBeats(i).read * loadBeatBytes(i)
        case .store: CyclePrediction.storeBeats(i) * beatBytes
        case .compute, .end: 0
        }
    }
}

extension Scheduler {
    /// Programs that are counted for a part at least; beyond, as long as all of them together have no more instructions and
    /// cycles than these: small spaces are counted to the end.
    private static let leastCounted = 24
    private static let mostInstructions = 25_000
    private static let mostCycles = 2_000_000
    /// Parts before, and their instructions, that a program is counted behind.
    private static let mostRecent = 2
    private static let mostBefore = 3000

    /// The tiles of a part, whose own are ignored. Throws `InputError` where none fit.
    mutating func chooseTile(_ part: LayerPart, _ passes: WeightPasses?, loaded: LoadedFeatures?) throws -> TileShape {
        let name = part.layer.name
        if let forcedTile {
            record(part, passes, forcedTile, choice: nil)
            return forcedTile
        }
        guard options.search == .optimal else {
            let tile = try TileShape.choose(part.shape, p, name: name)
            record(part, passes, tile, choice: nil)
            return tile
        }
        let key = TileSearch.Key(
            part: .init(part, tile: nil, after: search.recent.last?.part),
            recent: search.recent.map { .init($0.part, tile: $0.part.tile, after: nil) }, isLoaded: loaded != nil,
            endsProgram: endsProgram)
        let choice: TileChoice
        if let known = search.known[key] {
            choice = known
        } else {
            choice = try searchTile(part, passes, loaded: loaded)
            search.known[key] = choice
        }
        var chosen = part
        chosen.tile = choice.tile
        search.recent.append(.init(part: chosen, passes: passes, loaded: loaded, turns: turns))
        search.recent.removeFirst(max(0, search.recent.count - Scheduler.mostRecent))
        record(part, passes, choice.tile, choice: choice)
        return choice.tile
    }

    private func searchTile(
        _ part: LayerPart, _ passes: WeightPasses?, loaded: LoadedFeatures?
    ) throws -> TileChoice {
        let space = TileShape.space(part.shape, p)
        guard !space.isEmpty else { throw TileShape.tooSmall(part.shape, p, name: part.layer.name) }
        var ranked = space.map { tile in
            var candidate = part
            candidate.tile = tile
            let cost = TileCost(candidate, passes: passes, p, options.memory)
            return (tile: tile, bound: cost.bound, cost: ScheduleCost(cycles: cost.estimate, bytes: cost.bytes))
        }
        ranked.sort { $0.cost < $1.cost }
        let behind = partsBefore()
        // Of the parts before alone: a candidate may hold up their last stores.
        let start = behind.clockedEnd()
        var counted: [(tile: TileShape, cost: ScheduleCost)] = []
        var (instructions, cycles) = (0, 0)
        func count(_ tile: TileShape) {
            var candidate = part
            candidate.tile = tile
            let trial = trial(candidate, passes, loaded: loaded, behind: behind)
            (instructions, cycles) = (instructions + trial.instructions, cycles + trial.cycles)
            counted.append((tile, trial.cost))
        }
        for candidate in ranked {
            guard
                counted.count < Scheduler.leastCounted
                    || instructions < Scheduler.mostInstructions && cycles < Scheduler.mostCycles
            else { break }
            count(candidate.tile)
        }
        if let first = try? TileShape.choose(part.shape, p, name: part.layer.name),
            !counted.contains(where: { $0.tile.isSame(as: first) })
        {
            count(first)
        }
        // Of equals the one that ranks first.
        let order = counted.indices.sorted { (counted[$0].cost, $0) < (counted[$1].cost, $1) }
        let others = order.dropFirst().prefix(3).map { place in
            CountedTile(tile: counted[place].tile, cycles: counted[place].cost.cycles - start)
        }
        let best = counted[order[0]]
        return TileChoice(
            tile: best.tile, candidates: space.count, counted: counted.count, cycles: best.cost.cycles - start,
            bound: ranked.map(\.bound).min()!, next: others)
    }

    /// The program of the parts before; none where that is long.
    private func partsBefore() -> Scheduler {
        var trial = Scheduler(like: self, p: p)
        for (index, chosen) in search.recent.enumerated() {
            if index == 0 { trial.turns = chosen.turns }
            trial.emit(chosen.part, chosen.passes, loaded: chosen.loaded)
        }
        if trial.program.count > Scheduler.mostBefore { trial = Scheduler(like: self, p: p) }
        trial.turns = turns
        return trial
    }

    /// What a part's program and those of the parts before take, and how many instructions and cycles were counted.
    private func trial(
        _ part: LayerPart, _ passes: WeightPasses?, loaded: LoadedFeatures?, behind: Scheduler
    ) -> (cost: ScheduleCost, instructions: Int, cycles: Int) {
        var trial = behind
        let before = trial.program.count
        trial.emit(part, passes, loaded: loaded)
        let bytes = trial.program[before...].reduce(0) { $0 + p.externalBytes($1) }
        let cycles = trial.clockedEnd()
        return (ScheduleCost(cycles: cycles, bytes: bytes), trial.program.count, cycles)
    }

    /// The cycle in which the last instruction of the program is done, from power-up; where the array stops behind it, that in
    /// which all engines have seen their ends.
    private func clockedEnd() -> Int {
        var scheduler = self
        scheduler.applyTokens()
        let clock = ProgramClock(options.memory, p)
        guard let times = clock.run(scheduler.program) else { preconditionFailure("a program that cannot end") }
        return endsProgram ? times.total : times.finishes.max() ?? 0
    }

    private mutating func emit(_ part: LayerPart, _ passes: WeightPasses?, loaded: LoadedFeatures?) {
        ledger.beginLayer()
        var emitter = TileEmitter(
            part, addresses: .init(weights: 0, constants: 0), passes: passes, loadedFeatures: loaded)
        emitter.run(&self)
    }
}

extension TileShape {
    /// All tilings that fit.
    static func space(_ layer: LayerShape, _ p: AcceleratorParameters) -> [TileShape] {
        var result: [TileShape] = []
        let rows = cuts(layer.outputShape.height)
        for groups in cuts(layer.outputGroups) {
            guard let columns = widest(layer, p, groups: groups) else { continue }
            for rows in rows {
                let tile = TileShape(rows: rows, columns: columns, groups: groups, pixels: p.pixels)
                guard tile.shortage(layer, p, share: 1) == nil else { continue }
                result += tile.inBothOrders(layer)
            }
        }
        let half = pixel(p).shortage(layer, p, share: 2)
        if result.isEmpty || half == .weights, let parts = inParts(layer, p) { result.append(parts) }
        return result
    }

    /// ceil(count / n) for every n, the largest first.
    static func cuts(_ count: Int) -> [Int] {
        var result: [Int] = []
        var size = count
        while size >= 1 {
            result.append(size)
            let tiles = (count + size - 1) / size
            // The largest size that needs more tiles.
            size = size == 1 ? 0 : min(size - 1, (count + tiles) / (tiles + 1))
        }
        return result
    }

    private static func widest(_ layer: LayerShape, _ p: AcceleratorParameters, groups: Int) -> Int? {
        cuts(layer.outputShape.width).first {
            TileShape(rows: 1, columns: $0, groups: groups, pixels: p.pixels).shortage(layer, p, share: 1) == nil
        }
    }

    private func inBothOrders(_ layer: LayerShape) -> [TileShape] {
        let hasOrder =
            !layer.isPool && groups < layer.outputGroups
            && (rows < layer.outputShape.height || columns < layer.outputShape.width)
        guard hasOrder else { return [self] }
        return [TileLoops.groupsInside, .placesInside].map { loops in
            var tile = self
            tile.loops = loops
            return tile
        }
    }
}
