// The compute instruction of a tile. Families say in Families how its loops or streams run.

import Accelerator
import Networks

extension TileEmitter {
    /// The compute instruction of a tile, or of a part of it.
    func emitCompute(_ place: TilePlace, _ ranges: BufferRanges, part: Part? = nil, _ s: inout Scheduler) {
        var i = Instruction()
        i[CommonField.opcode] = Opcode.compute.rawValue
        i[ComputeField.mode] = mode.rawValue
        i[ComputeField.poolGranule] = poolGranule
        i[ComputeField.ifmapAddress] = ranges.ifmap.lowerBound
        i[ComputeField.weightAddress] = ranges.weights.lowerBound
        i[ComputeField.constantAddress] = ranges.constants.lowerBound
        i[ComputeField.residualAddress] = ranges.ofmap.lowerBound
        i[ComputeField.ofmapAddress] = ranges.ofmap.lowerBound
        i[ComputeField.lastOutputGroup] = place.groups - 1
        i[ComputeField.lastRow] = place.rows - 1
        i[ComputeField.lastColumn] = place.columnsPerUnit - 1
        i[ComputeField.lastInputGroup] = shape.inputGroups - 1
        i[ComputeField.lastPass] = shape.passes - 1
        i[ComputeField.passShift] = passes?.shiftMask ?? 0
        i[ComputeField.lastKernelRow] = window.kernelHeight - 1
        i[ComputeField.lastKernelColumn] = window.kernelWidth - 1
        setRequantization(&i)
        switch shape.work {
        case .pool, .nest:
            setJumps(place, &i)
            if s.p.family.dilates { i[ComputeField.kernelColumnStep] = window.dilationWidth }
        case .stream(let convolver): setStream(place, convolver, &i)
        case .flattened(let convolver): setFlattened(place, convolver, &i)
        }
        if let part { restrict(&i, to: part, planeWords: ranges.ifmap.count / shape.inputGroups) }
        s.program.append(i)
    }

    private var mode: ComputeMode {
        switch layer.operation {
        case .convolution: .convolution
        case .maxPool: .maxPool
        case .sumPool: .sumPool
        case .host: preconditionFailure("runs on the host")
        }
    }

    private func setRequantization(_ i: inout Instruction) {
        let requantization = layer.requantization
        i[ComputeField.relu] = requantization.relu ? 1 : 0
        i[ComputeField.addResidual] = layer.residual == nil ? 0 : 1
        i[ComputeField.preShift] = requantization.preShift + (passes?.extraShift ?? 0)
        i[ComputeField.residualShift] = requantization.residualShift
        i[ComputeField.shift] = requantization.shift
    }
}
