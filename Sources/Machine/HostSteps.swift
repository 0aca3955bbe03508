// Layers that the host computes between two runs of the array, on the feature maps in memory.

import Diagnostics
import ExternalMemory
import Host
import Networks
import Schedule

extension CompiledNetwork {
    /// Computes a host layer on the maps in memory and writes its result there.
    func compute(_ index: Int, in memory: UnsafeMutableRawBufferPointer) throws {
        let maps = UnsafeRawBufferPointer(memory)
        guard let layer = hostLayers[index], let operand = tensor(layer.input, in: maps) else {
            throw Defect("layer \(layers[index].name) has no input on the host")
        }
        let residual = layer.residual.flatMap { tensor($0, in: maps) }
        let output = try HostKernels.output(
            of: layer, operand: operand, residual: residual, activationBits: 8 * activationBytes)
        write(output, to: layer.name, in: memory)
    }

    /// As above, in the memory of a machine.
    func compute(_ index: Int, in memory: MemoryContents) throws {
        try memory.modify { bytes in try bytes.withUnsafeMutableBytes { try compute(index, in: $0) } }
    }

    /// Cycles of the core clock that the host takes for a layer of that index; 0 for the array's.
    func hostCycles(_ index: Int, clockMHz: Double) -> Int {
        guard let layer = hostLayers[index] else { return 0 }
        return Int((layer.hostSeconds(activationBytes: activationBytes) * clockMHz * 1e6).rounded(.up))
    }
}
