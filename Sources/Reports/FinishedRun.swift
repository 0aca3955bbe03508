// What came of a run, before it is put into figures (`Report.figures(of:)`).

import Configuration
import Machine
import Networks
import Preparation
import Schedule

/// Everything that a report is made from.
package struct FinishedRun: Sendable {
    /// What was asked for.
    package let configuration: Configuration
    /// The accelerator, what it needs of the part, and the network as it runs there.
    package let hardware: Hardware
    /// The network compiled for it.
    package let program: CompiledNetwork
    /// Cycles and traffic of an image.
    package let timing: RunTiming
    /// The same, predicted without simulation.
    package let prediction: RunPrediction
    /// The data that was computed.
    package let content: Content

    /// What a run computed besides cycles.
    package enum Content: Sendable {
        /// Nothing: mode `timing`.
        case timing(NetworkOutline, wallSeconds: Double)
        /// Outputs.
        case data(RunData)
    }

    /// A run of a build with everything that came of it. Throws `Defect` where the build's program would wait for ever.
    package init(
        configuration: Configuration, hardware: Hardware, build: Build, timing: RunTiming, content: Content
    ) throws {
        self.configuration = configuration
        self.hardware = hardware
        self.timing = timing
        program = build.program
        prediction = try build.prediction()
        self.content = content
    }

    /// What was computed; nil in mode `timing`.
    package var data: RunData? {
        switch content {
        case .timing: nil
        case .data(let data): data
        }
    }

    /// Images that were finished. One that is timed stands for all.
    package var images: Int { data?.outputs.values.count ?? configuration.network.count }

    /// Images that took `wallSeconds`.
    var simulatedImages: Int { data?.result.finishedImages ?? 1 }

    /// Of simulating.
    var wallSeconds: Double {
        switch content {
        case .timing(_, let seconds): seconds
        case .data(let data): data.result.wallSeconds
        }
    }

    /// SHA-256 of what was read.
    var fingerprint: String {
        switch content {
        case .timing(let network, _): network.fingerprint
        case .data(let data): data.network.fingerprint
        }
    }

    /// The configuration with everything that it leaves open as this run had it.
    package var resolvedConfiguration: Configuration { configuration.resolved(for: data?.network, on: hardware) }
}

/// What a run computed.
package struct RunData: Sendable {
    /// The network, quantized, with its images.
    package let network: PreparedNetwork
    /// Of the images that the array computed.
    package let result: MachineResult
    /// Of all images, compared where that was asked for.
    package let outputs: JudgedOutputs

    /// Outputs, and what they were computed from.
    package init(network: PreparedNetwork, result: MachineResult, outputs: JudgedOutputs) {
        self.network = network
        self.result = result
        self.outputs = outputs
    }

    /// Index of the largest output of each image; the first of equals.
    var classes: [Int] {
        outputs.values.map { output in
            let largest = output.values.max() ?? 0
            return output.values.firstIndex(of: largest) ?? 0
        }
    }

    /// Fraction of images whose class is their label, where labels exist.
    var accuracy: Double? { accuracy(best: 1) }

    /// Fraction of images whose label is among the five largest outputs, where labels and more than five classes exist.
    var top5Accuracy: Double? {
        let classes = network.quantized.layers.last?.outputShape.count ?? 0
        return classes > 5 ? accuracy(best: 5) : nil
    }

    private func accuracy(best: Int) -> Double? {
        guard let labels = network.images.labels else { return nil }
        let right = zip(outputs.values, labels).count { output, label in
            RunData.rank(of: label, in: output.values).map { $0 < best } ?? false
        }
        return Double(right) / Double(outputs.values.count)
    }

    /// Place of a class in the order of the outputs, largest first, equals by index; nil for one that is no output.
    static func rank(of label: Int, in values: [Int32]) -> Int? {
        guard values.indices.contains(label) else { return nil }
        return values.indices.count { values[$0] > values[label] || (values[$0] == values[label] && $0 < label) }
    }
}
