// Layers that the host computes between two runs of the array, on the feature maps in memory.

import Accelerator
import ExternalMemory
import Fabric
import Kernel
import Networks
import ReferenceModel
import Schedule

extension CompiledNetwork {
    /// Computes a host layer on the maps in memory and writes its result there.
    func compute(_ index: Int, in memory: MemoryContents) throws {
        guard let layer = hostLayers[index], let operand = tensor(layer.input, in: memory.bytes) else {
            throw MachineFailure(description: "layer \(layers[index].name) has no input on the host")
        }
        let residual = layer.residual.flatMap { tensor($0, in: memory.bytes) }
        let output = try ReferenceModel.output(
            of: layer, operand: operand, residual: residual, activationBits: 8 * activationBytes)
        memory.modify { write(output, to: layer.name, in: &$0) }
    }

    /// Cycles of the core clock that the host takes for a layer of that index; 0 for the array's.
    func hostCycles(_ index: Int, clockMHz: Double) -> Int {
        guard let layer = hostLayers[index] else { return 0 }
        return Int((layer.hostSeconds(activationBytes: activationBytes) * clockMHz * 1e6).rounded(.up))
    }
}

extension QuantizedLayer {
    /// Time of the layer on the ZCU102's cores (HostProcessor).
    func hostSeconds(activationBytes: Int) -> Double {
        let maps = (inputShape.count + outputShape.count) * activationBytes
        switch operation {
        case .convolution(let weights, let format, _):
            let weightBytes = format.bits > 8 ? 2 : 1
            return HostProcessor.zcu102.seconds(macs: macs, powers: 0, bytes: weights.count * weightBytes + maps)
        case .maxPool, .sumPool:
            let steps = outputShape.count * window.kernelHeight * window.kernelWidth
            return HostProcessor.zcu102.seconds(macs: steps, powers: 0, bytes: maps)
        case .localResponseNormalization(let constants):
            let count = outputShape.count
            return HostProcessor.zcu102.seconds(macs: count * constants.size, powers: count, bytes: maps)
        }
    }
}

extension WeightFormat {
    fileprivate var bits: Int {
        switch self {
        case .powerOfTwo(let bits), .powerOfTwoSum(let bits, _), .fixed(let bits): bits
        }
    }
}

extension Simulation {
    /// Runs all steps of a program, array and host in turn. Cycles are those of the array: the host's are none here.
    func run(
        _ compiled: CompiledNetwork, _ ports: AcceleratorPorts, _ memory: MemoryContents, limit: Int,
        interrupted: (Int) -> Bool = { _ in false }
    ) throws -> RunEnd {
        var end = RunEnd.stopped(cycle: cycle)
        for step in compiled.steps {
            switch step {
            case .array(let streams):
                start(ports, streams)
                end = try run(stop: ports.done, limit: limit, interrupted: interrupted)
                guard case .stopped = end else { return end }
            case .host(let layer):
                try compiled.compute(layer, in: memory)
            }
        }
        return end
    }
}
