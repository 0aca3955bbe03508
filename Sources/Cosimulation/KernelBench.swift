import Accelerator
import Diagnostics
import ExternalMemory
import Foundation
import Kernel
import Machine
import Networks
import RTLEmitter
import Schedule
import Support

// Kernel speed beside Verilator's, on the same design with the same inputs, in turn, in CPU time.

/// One side of the comparison.
package struct KernelBenchRow: Sendable, Codable {
    /// The side, and how it was built.
    package var name: String
    /// Cycles of one repetition.
    package var cycles: Int
    /// CPU seconds of each repetition.
    package var seconds: [Double]
    /// Billions of lane updates (issued steps times lanes) per CPU second, best repetition.
    package var laneUpdatesPerSecond: Double
}

/// Measures lane-updates per second of an array running one 3x3 convolution: 16 x 16 lanes of family `vector`, or the n-BQ-NN
/// paper's 8 clusters of 32 convolvers of 3 x 3 cells.
package struct KernelBench {
    private let build: Build
    private let input: IntegerTensor
    private let repetitions: Int

    /// `element` is the lane; activations are 16 bits (8 with 8-bit weights).
    package init(element: ProcessingElement, isConvolver: Bool, rows: Int, repetitions: Int) throws {
        let bits = element.weightBits == 8 ? 8 : 16
        let parameters = AcceleratorParameters(
            element: element,
            family: isConvolver
                ? .convolver(ConvolverParameters(kernel: 3, psumDepth: 2048)) : .vector(VectorParameters()),
            size: ArraySize(pixels: 1, inputs: isConvolver ? 32 : 16, outputs: isConvolver ? 8 : 16),
            activationBits: bits,
            buffers: BufferSizes(ifmapBytes: 256 << 10, weightBytes: 256 << 10, ofmapBytes: 256 << 10))
        let shape = Shape(channels: 32, height: rows, width: 32)
        var random = SeededGenerator(seed: 1)
        let network = KernelBench.network(shape, outputs: isConvolver ? 256 : 64, element, bits, &random)
        build = try Build.make(network, on: try Accelerator(parameters), timing: .ideal)
        let limit = Int32(1) << Int32(bits - 1)
        input = IntegerTensor(
            shape: shape, values: (0..<shape.count).map { _ in Int32.random(in: -limit..<limit, using: &random) })
        self.repetitions = repetitions
    }

    private static func network(
        _ shape: Shape, outputs: Int, _ element: ProcessingElement, _ bits: Int, _ random: inout SeededGenerator
    ) -> QuantizedNetwork {
        let largest = element.kind.storesPowersOfTwo ? 2 : 7
        let weights = (0..<outputs * shape.channels * 9).map { _ -> Int32 in
            let magnitude = Int32(1) << Int32.random(in: 0...Int32(largest - 1), using: &random)
            return Bool.random(using: &random) ? magnitude : -magnitude
        }
        let layer = QuantizedLayer(
            name: "conv", kind: "convolution",
            operation: .convolution(weights: weights, format: .fixed(bits: 8), groups: 1),
            window: Window(kernel: 3, pad: 1), input: Network.inputName, residual: nil, inputShape: shape,
            outputShape: Shape(channels: outputs, height: shape.height, width: shape.width),
            requantization: Requantization(
                preShift: 6, multiplier: [Int32](repeating: 20000, count: outputs),
                bias: [Int64](repeating: 0, count: outputs), shift: 20, relu: true),
            outputExponent: 0, macs: outputs * shape.channels * 9 * shape.height * shape.width)
        return QuantizedNetwork(
            name: "bench", input: shape, inputExponent: 0, activationBits: bits, layers: [layer],
            parameters: weights.count)
    }

    /// Runs kernel (functional, full) and Verilator in turn. Throws `ToolError` without Verilator.
    package func run(in directory: URL) throws -> [KernelBenchRow] {
        let cosimulation = Cosimulation(build, input: input, target: .zcu102)
        var options = Verilator.Options()
        options.optimization = "3"
        options.native = true
        options.behaviouralMemory = true
        let files = try RTLEmitter.emit(build.accelerator.design, for: .zcu102)
        let model = try Verilator().build(files, in: directory, options: options)
        let run = try cosimulation.record(to: directory.appendingPathComponent("images"))
        let responses = directory.appendingPathComponent("response.bin")
        var rows = ["kernel, functional", "kernel, every toggle", "verilator -O3 -march=native"].map {
            KernelBenchRow(name: $0, cycles: run.cycles, seconds: [], laneUpdatesPerSecond: 0)
        }
        try model.run(stimulus: run.stimulus, responses: responses, cycles: run.cycles)
        guard FileManager.default.contentsEqual(atPath: responses.path, andPath: run.responses.path) else {
            throw Defect("Verilator's outputs differ from the kernel's")
        }
        for _ in 0..<repetitions {
            rows[0].seconds.append(try kernelSeconds(countsToggles: false))
            rows[1].seconds.append(try kernelSeconds(countsToggles: true))
            let outcome = try model.run(stimulus: run.stimulus, responses: nil, cycles: run.cycles)
            rows[2].seconds.append(outcome.seconds)
        }
        let updates = Double(build.program.layers[0].steps * build.accelerator.parameters.lanes)
        for index in rows.indices { rows[index].laneUpdatesPerSecond = updates / (rows[index].seconds.min() ?? 1) }
        return rows
    }

    private func kernelSeconds(countsToggles: Bool) throws -> Double {
        let machine = try build.machine(with: input, options: PlanOptions(countsToggles: countsToggles))
        let started = clock()
        let end = try machine.run()
        let seconds = Double(clock() - started) / Double(CLOCKS_PER_SEC)
        guard case .stopped = end else { throw Defect("the bench did not finish") }
        return seconds
    }
}
