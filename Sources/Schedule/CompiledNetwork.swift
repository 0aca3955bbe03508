// The result of scheduling: a tile program, a memory image and what to expect of them.

import Accelerator
import Networks

/// One layer in the program.
public struct LayerPlan: Sendable, Equatable, Codable {
    /// The layer's name.
    public var name: String
    /// What it is, in words: that of the network, or `host`.
    public var kind: String
    /// Multiply-accumulates of one image.
    public var macs: Int
    /// Steps of the loop nest in all tiles: the steady part.
    public var steps: Int
    /// Cycles that the compute engine needs: steps and the overhead of each tile.
    public var computeCycles: Int
    /// Compute instructions.
    public var tiles: Int
    /// Most passes over the weights of a filter.
    public var passes: Int
    /// Store instructions; the layer has ended when the last has.
    public var stores: Int
    /// Load instructions.
    public var loads: Int
    /// Multiplies or shifts that contribute to a result; the rest of lanes * steps is idle lanes.
    public var usefulLaneUpdates: Int
    /// Bytes read from external memory, instructions included.
    public var readBytes: Int
    /// Bytes written to external memory.
    public var writtenBytes: Int
    /// Cycles from the end of the layer before to the end of this one, as the scheduler reckons for memory that delivers a
    /// beat per cycle; `predictedTiming` tells those of a simulation.
    public var predictedCycles: Int
    /// Computed by the host: it has no instructions and none of the counts above.
    public var isOnHost = false
    /// Filters of 0, 1 and 2 signed powers of two; nil where there are none such.
    public var filters: [Int]?
    /// A buffer that is a little too small for tiles that would take far fewer cycles.
    public var cliff: ScheduleCliff?

    /// Passes of single filters that their terms need, F1 + 2 * F2, on lanes that add `terms` of them in one; a filter
    /// without terms needs none, though it has a place beside the others.
    public func filterPasses(terms: Int) -> Int? {
        filters.map { counts in
            counts.enumerated().reduce(0) { $0 + ($1.offset + terms - 1) / terms * $1.element }
        }
    }
}

/// What runs between two stops of the machine.
public enum ProgramStep: Sendable, Equatable {
    /// The array, from `start` to `done`: byte addresses of the engines' instruction streams.
    case array([Opcode: Int])
    /// The host computes the layer of this index.
    case host(layer: Int)
}

/// A network compiled for one accelerator.
public struct CompiledNetwork: Sendable {
    /// Instructions of all engines, tile by tile.
    public let program: [Instruction]
    /// All layers in the order of the network.
    public let layers: [LayerPlan]
    /// What the array and the host do in turn.
    public let steps: [ProgramStep]
    /// Layers that the host computes, by their index.
    public let hostLayers: [Int: QuantizedLayer]
    /// Where the engines' instruction streams stand in external memory; nothing else does.
    public let instructionPlace: Range<Int>
    /// What was decided for the parts of the layers, in the order of the program.
    let decisions: [PartDecision]
    /// What it was compiled for.
    let parameters: AcceleratorParameters
    let memory: ScheduleOptions.Memory
    let image: MemoryImage
    let placements: [String: TensorPlacement]
    /// The input once more, as layers of few channels read it.
    let unrolledInputs: [UnrolledInput]
    /// Original channel at each place of tensors that stand in memory in another order (ChannelOrder).
    let orders: [String: [Int]]
    let outputName: String
    let fieldBytes: Int

    /// Bytes of an activation in memory.
    public var activationBytes: Int { fieldBytes }
    /// Bytes of external memory.
    public var memoryBytes: Int { image.count }
    /// The bytes of `instructionPlace`.
    public var instructionBytes: [UInt8] {
        Array(image.bytes[instructionPlace.lowerBound - image.origin..<instructionPlace.upperBound - image.origin])
    }
    /// The sum of the layers' `predictedCycles`.
    public var predictedCycles: Int { layers.reduce(0) { $0 + $1.predictedCycles } }

    /// External memory before the run but for the input feature map: program, weights, constants.
    public var memoryWithoutInput: [UInt8] {
        image.origin == 0 ? image.bytes : [UInt8](repeating: 0, count: image.origin) + image.bytes
    }

    /// External memory before the run: program, weights, constants and one input feature map.
    public func memoryImage(input: IntegerTensor) -> [UInt8] {
        var bytes = memoryWithoutInput
        bytes.withUnsafeMutableBytes { write(input, to: Network.inputName, in: $0) }
        return bytes
    }

    /// Names that `tensor` knows.
    public var tensorNames: [String] { placements.keys.sorted() }

    /// A feature map after the run, its channels in the network's order; `Network.inputName`, a layer's or a
    /// concatenation's name.
    public func tensor(_ name: String, in memory: UnsafeRawBufferPointer) -> IntegerTensor? {
        guard let stored = placements[name]?.read(from: memory, fieldBytes: fieldBytes) else { return nil }
        guard let order = orders[name] else { return stored }
        var result = stored
        let positions = stored.shape.height * stored.shape.width
        for (place, channel) in order.enumerated() {
            let from = stored.values[place * positions..<(place + 1) * positions]
            result.values.replaceSubrange(channel * positions..<(channel + 1) * positions, with: from)
        }
        return result
    }

    /// Writes the input, in every layout that a layer reads, or a layer's output where the next layers read it: what the
    /// host does.
    public func write(_ tensor: IntegerTensor, to name: String, in memory: UnsafeMutableRawBufferPointer) {
        placements[name]!.write(tensor, into: memory, fieldBytes: fieldBytes)
        guard name == Network.inputName else { return }
        for input in unrolledInputs {
            input.placement.write(input.unrolling.tensor(tensor), into: memory, fieldBytes: fieldBytes)
        }
    }

    /// The network's output after the run.
    public func output(in memory: UnsafeRawBufferPointer) -> IntegerTensor { tensor(outputName, in: memory)! }
}
