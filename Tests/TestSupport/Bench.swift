// A short way to run a network on an accelerator.

import Accelerator
import ExternalMemory
import Kernel
import Machine
import Networks
import Schedule
import Support

/// A network on an accelerator, ready to run.
package struct Bench {
    package let network: QuantizedNetwork
    package var build: Build
    package var inputs: [IntegerTensor]

    package var accelerator: Accelerator { build.accelerator }
    package var compiled: CompiledNetwork { build.program }
    package var memory: MemoryModel {
        get { build.memory }
        set { build.memory = newValue }
    }

    package init(
        _ parameters: AcceleratorParameters, _ network: QuantizedNetwork, images: Int = 1, seed: UInt64 = 1,
        timing: MemoryTiming = .ideal
    ) throws {
        try self.init(try Accelerator(parameters), network, images: images, seed: seed, timing: timing)
    }

    /// On a design that is elaborated already.
    package init(
        _ accelerator: Accelerator, _ network: QuantizedNetwork, images: Int = 1, seed: UInt64 = 1,
        timing: MemoryTiming = .ideal
    ) throws {
        self.network = network
        build = try Build.make(network, on: accelerator, memory: .simple(timing))
        var random = SeededGenerator(seed: seed)
        inputs = (0..<images).map { _ in .random(network.input, bits: network.activationBits, &random) }
    }

    /// The same with first-fit tiles, layer by layer: for cycles that are derived from tiles that everybody can tell.
    package func firstFit() throws -> Bench {
        var bench = self
        bench.build = try Build.make(
            network, on: accelerator, memory: memory, .init(clockMHz: build.clockMHz, search: .firstFit))
        return bench
    }

    package func run(
        toggles: Bool = false, threads: Int = 1, trace: TraceRequest? = nil, keepsTensors: Bool = false
    ) throws -> MachineResult {
        try build.run(
            inputs,
            options: MachineOptions(countsToggles: toggles, threads: threads, trace: trace, keepsTensors: keepsTensors))
    }

    /// A simulation with its memory, started and not yet stepped.
    package func simulation(_ options: PlanOptions) throws -> Simulation {
        let machine = try build.machine(with: inputs[0], options: options)
        machine.start()
        return machine.simulation
    }
}

extension MemoryModel {
    /// Whether it stalls ports at random.
    package var stalls: Bool {
        switch self {
        case .simple(let timing): timing.stallSeed != nil
        case .ports(_, .fixed(_, let seed)): seed != nil
        case .ports(_, .processingSystem): false
        }
    }
}

extension AcceleratorParameters {
    /// Buffers by their depth in words.
    package init(
        _ element: ProcessingElement, _ pixels: Int, _ inputs: Int, _ outputs: Int, activationBits: Int = 16,
        ifmap: Int = 512, weights: Int = 512, ofmap: Int = 512, terms: Int = 1
    ) {
        func bytes(_ words: Int, _ bits: Int) -> Int { (words * bits + 7) / 8 }
        self.init(
            element: element, size: ArraySize(pixels: pixels, inputs: inputs, outputs: outputs, terms: terms),
            activationBits: activationBits,
            buffers: BufferSizes(
                ifmapBytes: bytes(ifmap, pixels * inputs * activationBits),
                weightBytes: bytes(weights, inputs * outputs * element.weightBits * terms),
                ofmapBytes: bytes(ofmap, pixels * outputs * activationBits)))
    }

    /// The sizes of a convolver; nil on other families.
    package var convolver: ConvolverParameters? {
        switch family {
        case .vector: nil
        case .convolver(let convolver): convolver
        }
    }
}

extension ArrayFamily {
    /// A vector family whose kernels may have columns that stand apart.
    package static let dilating = ArrayFamily.vector(VectorParameters(dilates: true))
    package static let plain = ArrayFamily.vector(VectorParameters())
    /// A vector family whose products are summed along chains of so many DSP48E2; nil: in a tree.
    package static func cascading(_ length: Int?) -> ArrayFamily { .vector(VectorParameters(cascade: length)) }
    /// The same with two products in each DSP48E2.
    package static func packing(_ length: Int?) -> ArrayFamily {
        .vector(VectorParameters(cascade: length, packing: .int8))
    }

    /// Family `convolver` where there is one, else `vector`.
    package init(_ convolver: ConvolverParameters?) { self = convolver.map { .convolver($0) } ?? .plain }
}

extension IntegerTensor {
    /// Uniform over all values of the width.
    package static func random(_ shape: Shape, bits: Int, _ random: inout SeededGenerator) -> IntegerTensor {
        let limit = Int32(1) << Int32(bits - 1)
        let values = (0..<shape.count).map { _ in Int32.random(in: -limit...limit - 1, using: &random) }
        return IntegerTensor(shape: shape, values: values)
    }
}
