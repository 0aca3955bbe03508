import Accelerator
import Diagnostics
import ExternalMemory
import Foundation
import Kernel
import Machine
import Networks
import RTLEmitter
import Schedule
import Streams
import Support

// Work whose speed is measured: a program on a machine, run by one of the simulator's engines, or by Verilator on the
// emitted text with the same inputs. `scripts/bench` asks for these one by one and sets them side by side.

/// What runs a program.
package enum BenchEngine: String, Sendable, CaseIterable {
    /// The kernel, which evaluates and commits every cycle of the whole Design.
    case plain
    /// Control once for all images, data behind it in blocks.
    case streams
    /// The cells that decide cycles, without data.
    case timing
}

/// What a measured run took.
package struct BenchMeasurement: Sendable, Codable {
    /// Of one image.
    package var cycles: Int
    /// Images that were run.
    package var images: Int
    /// Issued steps times lanes, all images.
    package var laneUpdates: Int
    /// CPU seconds of running, in all threads.
    package var seconds: Double
    /// CPU seconds of making machines before; 0 where they are made while running, and counted there.
    package var setupSeconds: Double
}

/// A model of the emitted text, ready to be run with the inputs of a program.
package struct BenchModel: Sendable, Codable {
    /// Version of the tool that made it.
    package var version: String
    /// Program and arguments of a run; it says `seconds S` on standard output.
    package var command: [String]
    /// Of the run.
    package var cycles: Int
    /// Issued steps times lanes.
    package var laneUpdates: Int
}

/// A program on a machine, with images.
package struct KernelBench: Sendable {
    private let build: Build
    private let inputs: [IntegerTensor]

    /// Work that is there already.
    package init(_ build: Build, inputs: [IntegerTensor]) {
        self.build = build
        self.inputs = inputs
    }

    /// A 3x3 convolution of 32 channels, or as many as an output takes, to four groups of outputs, 32 columns wide, on an
    /// array of these parameters with memory that never makes it wait.
    package init(_ parameters: AcceleratorParameters, rows: Int, images: Int) throws {
        let shape = Shape(channels: max(32, parameters.inputs), height: rows, width: 32)
        let bits = parameters.activationBits
        var random = SeededGenerator(seed: 1)
        let network = KernelBench.network(shape, outputs: 4 * parameters.outputs, parameters, &random)
        let limit = Int32(1) << Int32(bits - 1)
        inputs = (0..<images).map { _ in
            let values = (0..<shape.count).map { _ in Int32.random(in: -limit..<limit, using: &random) }
            return IntegerTensor(shape: shape, values: values)
        }
        build = try Build.make(network, on: try Accelerator(parameters), memory: .simple(.ideal))
    }

    private static func network(
        _ shape: Shape, outputs: Int, _ parameters: AcceleratorParameters, _ random: inout SeededGenerator
    ) -> QuantizedNetwork {
        let largest = parameters.element.kind.storesPowersOfTwo ? 2 : 7
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
            name: "bench", input: shape, inputExponent: 0, activationBits: parameters.activationBits,
            layers: [layer], parameters: weights.count)
    }

    // MARK: measuring

    private var laneUpdates: Int {
        build.program.layers.reduce(0) { $0 + $1.steps } * build.accelerator.parameters.lanes
    }

    /// Runs all images, one after the other, and measures. Throws `Defect` where a run does not come to its end.
    /// `rowLevel`: who computes the streams' rows.
    package func measure(
        _ engine: BenchEngine, countsToggles: Bool, rowLevel: RowLevel = .best
    ) throws -> BenchMeasurement {
        var result = BenchMeasurement(
            cycles: 0, images: inputs.count, laneUpdates: laneUpdates * inputs.count, seconds: 0, setupSeconds: 0)
        switch engine {
        case .plain:
            for input in inputs { try runPlainly(input, countsToggles, into: &result) }
        case .streams:
            let started = clock()
            var options = MachineOptions(countsToggles: countsToggles)
            options.rowLevel = rowLevel
            let run = try build.run(inputs, options: options)
            result.seconds = KernelBench.seconds(since: started)
            result.cycles = run.perImage.total - run.perImage.host
        case .timing:
            let started = clock()
            let timing = try build.time()
            result.seconds = KernelBench.seconds(since: started)
            result.cycles = timing.perImage.total - timing.perImage.host
            result.images = 1
        }
        return result
    }

    private func runPlainly(_ input: IntegerTensor, _ countsToggles: Bool, into result: inout BenchMeasurement) throws {
        let started = clock()
        let machine = try build.machine(with: input, options: PlanOptions(countsToggles: countsToggles))
        result.setupSeconds += KernelBench.seconds(since: started)
        let running = clock()
        let end = try machine.run()
        result.seconds += KernelBench.seconds(since: running)
        try machine.requireNoDeadlock(end)
        result.cycles = machine.simulation.cycle
    }

    private static func seconds(since start: clock_t) -> Double {
        Double(clock() - start) / Double(CLOCKS_PER_SEC)
    }

    /// Makes Verilator's fastest model of the emitted text in a folder, with the inputs of the first image, and sees that
    /// its outputs are the kernel's. Throws `ToolError` without Verilator.
    package func verilate(in directory: URL) throws -> BenchModel {
        guard let input = inputs.first else { throw Defect("the bench has no image") }
        var options = Verilator.Options()
        options.optimization = "3"
        options.native = true
        options.behaviouralMemory = true
        let verilator = try Verilator()
        let files = try RTLEmitter.emit(build.accelerator.design, for: .zcu102)
        let model = try verilator.build(files, in: directory, options: options)
        let run = try Cosimulation(build, input: input, target: .zcu102).record(
            to: directory.appendingPathComponent("images"))
        let responses = directory.appendingPathComponent("response.bin")
        try model.run(stimulus: run.stimulus, responses: responses, cycles: run.cycles)
        guard FileManager.default.contentsEqual(atPath: responses.path, andPath: run.responses.path) else {
            throw Defect("Verilator's outputs differ from the kernel's")
        }
        try FileManager.default.removeItem(at: responses)
        return BenchModel(
            version: verilator.version,
            command: [model.executable.path] + model.arguments(stimulus: run.stimulus, cycles: run.cycles),
            cycles: run.cycles, laneUpdates: laneUpdates)
    }
}
