// Which words of which buffer hold what from when to when: read from the instructions and their times, as the hardware
// would do it, not from what the scheduler meant. The loads, the compute and the stores of a tile stand together in the
// program.

import Accelerator

/// A buffer of the array.
public enum ArrayBuffer: String, Sendable, Codable, CaseIterable {
    case ifmap, weights, constants, residual, ofmap
    /// Of family `convolver`.
    case psum

    /// Words and bits of a word; nil where the family has no such buffer.
    func size(_ p: AcceleratorParameters) -> (words: Int, bits: Int)? {
        switch self {
        case .ifmap: (p.ifmapDepth, p.pixels * p.inputs * p.activationBits)
        case .weights: (p.weightDepth, p.inputs * p.outputs * p.element.weightBits * p.terms)
        case .constants: (p.constantDepth, p.outputs * AcceleratorParameters.constantBits)
        case .residual, .ofmap: (p.ofmapDepth, p.pixels * p.outputs * p.activationBits)
        case .psum:
            switch p.family {
            case .vector: nil
            case .convolver(let convolver): (convolver.psumDepth, p.outputs * p.accumulatorBits)
            }
        }
    }

    init(_ target: LoadTarget) {
        switch target {
        case .ifmap: self = .ifmap
        case .weights: self = .weights
        case .constants: self = .constants
        case .residual: self = .residual
        }
    }
}

/// Words of a buffer that hold something of a tile.
struct BufferTenancy {
    /// The layer's place in the network.
    var layer: Int
    var words: Range<Int>
    /// From the begin of the load (or compute) that writes first to the end of the compute (or store) that reads last.
    var begin: Int
    var end: Int
    /// Weights can come in two loads, each with words of its own; those of one tile have one number.
    var tile = 0
}

/// The use of all buffers by a program.
struct BufferUse {
    private(set) var tenancies: [ArrayBuffer: [BufferTenancy]] = [:]
    private let p: AcceleratorParameters
    /// Buffers that the loads of the next compute have begun to fill.
    private var opened: Set<ArrayBuffer> = []
    /// Computes so far.
    private var tiles = 0

    init(_ p: AcceleratorParameters) { self.p = p }

    /// The next instruction of the program, and when it runs.
    mutating func add(_ i: Instruction, layer: Int, during time: Range<Int>) {
        switch Opcode(rawValue: i[CommonField.opcode])! {
        case .load: addLoad(i, layer, time)
        case .compute: addCompute(i, layer, time)
        case .store:
            let last = tenancies[.ofmap]!.count - 1
            tenancies[.ofmap]![last].end = max(tenancies[.ofmap]![last].end, time.upperBound)
        case .end: break
        }
    }

    /// Words that a load fills; nil for constants of the pre-activation, which have a memory of their own.
    private func words(_ i: Instruction) -> (buffer: ArrayBuffer, words: Range<Int>)? {
        guard i[LoadField.toPreActivation] == 0 else { return nil }
        let buffer = ArrayBuffer(LoadTarget(rawValue: i[LoadField.target])!)
        let first = i[LoadField.bufferAddress]
        if i[LoadField.roundBanks] == 1 {
            let beatsPerWord = buffer == .weights ? p.weightBeats : p.constantBeats
            return (buffer, first..<first + CyclePrediction.loadBeats(i).written / beatsPerWord)
        }
        let last =
            i[LoadField.lastPlane] * i[LoadField.bufferPlaneStep] + i[LoadField.lastRow] * i[LoadField.bufferRowStep]
            + i[LoadField.lastColumn]
        return (buffer, first..<first + last + 1)
    }

    private mutating func addLoad(_ i: Instruction, _ layer: Int, _ time: Range<Int>) {
        guard let (buffer, words) = words(i) else { return }
        let isBesides = buffer == .weights && tenancies[buffer]?.last?.words.overlaps(words) == false
        if opened.contains(buffer), !isBesides, var tile = tenancies[buffer]!.popLast() {
            tile.words =
                min(tile.words.lowerBound, words.lowerBound)..<max(tile.words.upperBound, words.upperBound)
            tile.end = time.upperBound
            tenancies[buffer]!.append(tile)
        } else {
            opened.insert(buffer)
            tenancies[buffer, default: []].append(
                BufferTenancy(
                    layer: layer, words: words, begin: time.lowerBound, end: time.upperBound, tile: tiles))
        }
    }

    private mutating func addCompute(_ i: Instruction, _ layer: Int, _ time: Range<Int>) {
        opened = []
        tiles += 1
        extend(.ifmap, at: i[ComputeField.ifmapAddress], to: time.upperBound)
        let isConvolution = i[ComputeField.mode] == ComputeMode.convolution.rawValue
        if isConvolution { extend(.weights, at: i[ComputeField.weightAddress], to: time.upperBound) }
        let results = (i[ComputeField.lastRow] + 1) * (i[ComputeField.lastColumn] + 1)
        func append(_ buffer: ArrayBuffer, _ words: Range<Int>) {
            tenancies[buffer, default: []].append(
                BufferTenancy(layer: layer, words: words, begin: time.lowerBound, end: time.upperBound))
        }
        if ComputeAccess(i, p).psumWrites > 0 { append(.psum, 0..<results) }
        guard i[ComputeField.leaveSums] == 0 else { return }
        extend(.constants, at: i[ComputeField.constantAddress], to: time.upperBound)
        if i[ComputeField.addResidual] == 1 {
            extend(.residual, at: i[ComputeField.residualAddress], to: time.upperBound)
        }
        let first = i[ComputeField.ofmapAddress]
        append(.ofmap, first..<first + (i[ComputeField.lastOutputGroup] + 1) * results)
    }

    /// What was loaded last to a word is in use until then.
    private mutating func extend(_ buffer: ArrayBuffer, at word: Int, to end: Int) {
        guard let index = tenancies[buffer]?.lastIndex(where: { $0.words.contains(word) }) else {
            preconditionFailure("a compute reads word \(word) of \(buffer), which no load has filled")
        }
        let tile = tenancies[buffer]![index].tile
        for place in max(0, index - 1)...min(index + 1, tenancies[buffer]!.count - 1)
        where place == index || buffer == .weights && tenancies[buffer]![place].tile == tile {
            tenancies[buffer]![place].end = max(tenancies[buffer]![place].end, end)
        }
    }
}

/// Words that a compute instruction reads and writes.
struct ComputeAccess {
    private(set) var ifmapReads = 0
    private(set) var weightReads = 0
    private(set) var psumReads = 0
    private(set) var psumWrites = 0
    /// Results that leave the array, each with a word of constants and, where one is added, of the residual.
    private(set) var results = 0

    init(_ i: Instruction, _ p: AcceleratorParameters) {
        let steps = p.computeSteps(i)
        let groups = i[ComputeField.lastOutputGroup] + 1
        let perGroup = (i[ComputeField.lastRow] + 1) * (i[ComputeField.lastColumn] + 1)
        results = i[ComputeField.leaveSums] == 1 ? 0 : groups * perGroup
        guard i[ComputeField.mode] == ComputeMode.convolution.rawValue else {
            ifmapReads = steps
            return
        }
        switch p.family {
        case .vector: (ifmapReads, weightReads) = (steps, steps)
        case .convolver:
            // A slot in the padding reads nothing; the first stream of a group has no sums, the last leaves none.
            let streams = groups * (i[ComputeField.lastPass] + 1) * (i[ComputeField.lastInputGroup] + 1)
            ifmapReads = streams * (i[StreamField.lastMapRow] + 1) * (i[StreamField.lastMapColumn] + 1)
            weightReads = streams * (i[ComputeField.lastKernelRow] + 1) * (i[ComputeField.lastKernelColumn] + 1)
            psumReads = (streams - (i[ComputeField.keepSums] == 1 ? 0 : groups)) * perGroup
            psumWrites = (streams - (i[ComputeField.leaveSums] == 1 ? 0 : groups)) * perGroup
        }
    }
}
