// From an elaborated design to its estimate.

import Accelerator
import Configuration
import Diagnostics
import Machine
import Preparation

extension Estimate {
    /// Resources and peak rates of a configuration's hardware, and what the schedule on it predicts; `build` is nil where
    /// there is none. Throws `Defect` where the build's program would wait for ever.
    package static func figures(
        of configuration: Configuration, _ hardware: Hardware, _ build: Build?
    ) throws -> Estimate {
        let parameters = hardware.accelerator.parameters
        let design = WarnedDesign(configuration: configuration, hardware: hardware, program: build?.program)
        let clock = configuration.clockMHz * 1e6
        let cycles = try build?.prediction().total
        return Estimate(
            part: configuration.device.part, pe: parameters.element.name, lanes: parameters.lanes,
            weightBits: parameters.element.weightBits, activationBits: parameters.activationBits,
            accumulatorBits: parameters.accumulatorBits, clockHz: configuration.clockMHz * 1e6,
            peakGops: 2 * Double(parameters.lanes) * configuration.clockMHz / 1e3,
            predictedCycles: cycles, latencyS: cycles.map { Double($0) / clock },
            throughputImagesPerS: cycles.map { clock / Double($0) }, power: .figures(of: configuration, hardware),
            warnings: Warning.Kind.allCases.compactMap(design.warning),
            memoryBytesPerS: configuration.memory.bytesPerSecond, buffers: buffers(parameters),
            resources: hardware.resources, byInstance: hardware.resources.rows,
            allowOverflow: configuration.device.allowOverflow)
    }

    private static func buffers(_ parameters: AcceleratorParameters) -> [Buffer] {
        let activations = parameters.activationBits
        var buffers = [
            Buffer(
                name: "ifmap", words: parameters.ifmapDepth,
                wordBits: parameters.pixels * parameters.inputs * activations),
            Buffer(
                name: "weights", words: parameters.weightDepth,
                wordBits: parameters.inputs * parameters.outputs * parameters.element.weightBits * parameters.terms),
            Buffer(
                name: "ofmap", words: parameters.ofmapDepth,
                wordBits: parameters.pixels * parameters.outputs * activations),
            Buffer(
                name: "constants", words: parameters.constantDepth,
                wordBits: parameters.outputs * AcceleratorParameters.constantBits),
        ]
        if let depth = parameters.preActivationDepth {
            buffers.append(
                Buffer(
                    name: "pre-activation", words: depth,
                    wordBits: parameters.granule * AcceleratorParameters.constantBits))
        }
        switch parameters.family {
        case .vector: break
        case .convolver(let convolver):
            buffers.append(
                Buffer(
                    name: "psum", words: convolver.psumDepth,
                    wordBits: parameters.outputs * parameters.accumulatorBits))
            for line in 1..<convolver.kernel {
                buffers.append(
                    Buffer(
                        name: "line \(line)", words: convolver.rowLength, wordBits: parameters.inputs * activations))
            }
        }
        return buffers
    }
}
