// What a layer's instructions do and how long they should take, for choosing between schedules, on memory that delivers a
// beat per cycle: the first loads, then computing beside the later loads, then the last stores. Every layer begins like
// the first one of a program: with the fetch of its first instructions.

import Accelerator
import Networks

/// Cycles of a layer's instructions.
struct CyclePrediction {
    private let p: AcceleratorParameters
    /// Of loads before the first compute, and of those behind it.
    private var firstLoads = 0
    private var laterLoads = 0
    /// Of all computes.
    private(set) var compute = 0
    /// Of stores behind the last compute.
    private var lastStores = 0
    private var sawCompute = false

    init(_ p: AcceleratorParameters) { self.p = p }

    /// Later loads overlap with computing.
    var cycles: Int { AcceleratorParameters.startCycles + firstLoads + max(compute, laterLoads) + lastStores }

    /// Adds the next instruction of the layer.
    mutating func add(_ instruction: Instruction) {
        switch Opcode(rawValue: instruction[CommonField.opcode])! {
        case .load:
            let cycles = CyclePrediction.loadBeats(instruction).written + p.loadOverhead
            if sawCompute { laterLoads += cycles } else { firstLoads += cycles }
        case .compute:
            sawCompute = true
            compute += p.computeCycles(instruction)
            lastStores = 0
        case .store:
            lastStores += CyclePrediction.storeBeats(instruction) + AcceleratorParameters.storeOverhead
        case .end: break
        }
    }

    /// Beats that a load reads from memory, and that it writes into its buffer.
    static func loadBeats(_ i: Instruction) -> (read: Int, written: Int) {
        let planes = i[LoadField.lastPlane] + 1
        return (
            planes * (i[LoadField.lastValidRow] + 1) * (i[LoadField.lastValidColumn] + 1),
            planes * (i[LoadField.lastRow] + 1) * (i[LoadField.lastColumn] + 1)
        )
    }

    /// Beats that a store writes to memory.
    static func storeBeats(_ i: Instruction) -> Int {
        (i[StoreField.lastPlane] + 1) * (i[StoreField.lastRow] + 1) * (i[StoreField.lastColumn] + 1)
    }
}

extension Scheduler {
    /// What the report says of the layer, from its instructions.
    func summary(_ layer: QuantizedLayer, instructions: Range<Int>) -> LayerPlan {
        var plan = LayerPlan(
            name: layer.name, kind: layer.kind, macs: layer.macs, steps: 0, computeCycles: 0, tiles: 0, passes: passes,
            stores: 0, loads: 0, usefulLaneUpdates: layer.macs, readBytes: 0, writtenBytes: 0, predictedCycles: 0,
            filters: filterTerms[layer.name]?.counts)
        var prediction = CyclePrediction(p)
        for index in instructions {
            let instruction = program[index]
            prediction.add(instruction)
            switch Opcode(rawValue: instruction[CommonField.opcode])! {
            case .load:
                plan.loads += 1
                plan.readBytes += CyclePrediction.loadBeats(instruction).read * p.loadBeatBytes(instruction)
            case .compute:
                plan.tiles += 1
                plan.steps += p.computeSteps(instruction)
            case .store:
                plan.stores += 1
                plan.writtenBytes += CyclePrediction.storeBeats(instruction) * p.beatBytes
            case .end: break
            }
        }
        plan.readBytes += instructions.count * Instruction.bytes
        plan.computeCycles = prediction.compute
        plan.predictedCycles = prediction.cycles
        return plan
    }
}
