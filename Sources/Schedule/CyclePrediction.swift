// What a layer's instructions do and how long they should take, counted without simulation, for memory that delivers a
// beat per cycle: the first loads, then computing beside the later loads, then the last stores. Every layer begins like
// the first one of a program: with the fetch of its first instructions.

import Accelerator
import Networks

extension Scheduler {
    /// What the report says of the layer, from its instructions.
    mutating func summarise(_ layer: QuantizedLayer, instructions: Range<Int>) {
        var plan = LayerPlan(
            name: layer.name, kind: layer.kind, macs: layer.macs, steps: 0, computeCycles: 0, tiles: 0, passes: passes,
            stores: 0, loads: 0, usefulLaneUpdates: layer.macs, readBytes: 0, writtenBytes: 0, predictedCycles: 0,
            filters: FilterTerms(layer, p)?.counts)
        var firstLoads = 0
        var laterLoads = 0
        var lastStores = 0
        var sawCompute = false
        for index in instructions {
            let instruction = program[index]
            switch Opcode(rawValue: instruction[CommonField.opcode])! {
            case .load:
                let beats = loadBeats(instruction)
                plan.loads += 1
                plan.readBytes += beats.read * p.beatBytes
                let cycles = beats.written + p.loadOverhead
                if sawCompute { laterLoads += cycles } else { firstLoads += cycles }
            case .compute:
                sawCompute = true
                plan.tiles += 1
                plan.steps += p.computeSteps(instruction)
                plan.computeCycles += p.computeCycles(instruction)
                lastStores = 0
            case .store:
                let beats = storeBeats(instruction)
                plan.stores += 1
                plan.writtenBytes += beats * p.beatBytes
                lastStores += beats + AcceleratorParameters.storeOverhead
            case .end: break
            }
        }
        plan.readBytes += instructions.count * Instruction.bytes
        // Later loads overlap with computing.
        plan.predictedCycles =
            AcceleratorParameters.startCycles + firstLoads + max(plan.computeCycles, laterLoads) + lastStores
        plans.append(plan)
    }

    private func loadBeats(_ i: Instruction) -> (read: Int, written: Int) {
        let planes = i[LoadField.lastPlane] + 1
        return (
            planes * (i[LoadField.lastValidRow] + 1) * (i[LoadField.lastValidColumn] + 1),
            planes * (i[LoadField.lastRow] + 1) * (i[LoadField.lastColumn] + 1)
        )
    }

    private func storeBeats(_ i: Instruction) -> Int {
        (i[StoreField.lastPlane] + 1) * (i[StoreField.lastRow] + 1) * (i[StoreField.lastColumn] + 1)
    }
}
