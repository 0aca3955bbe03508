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
    /// The network, quantized, with its images.
    package let network: PreparedNetwork
    /// The accelerator, and what it needs of the part.
    package let hardware: Hardware
    /// The network compiled for it.
    package let program: CompiledNetwork
    /// Of the images that the array computed.
    package let result: MachineResult
    /// Of all images, compared where that was asked for.
    package let outputs: JudgedOutputs

    /// A run with everything that came of it.
    package init(
        configuration: Configuration, network: PreparedNetwork, hardware: Hardware, program: CompiledNetwork,
        result: MachineResult, outputs: JudgedOutputs
    ) {
        self.configuration = configuration
        self.network = network
        self.hardware = hardware
        self.program = program
        self.result = result
        self.outputs = outputs
    }

    /// Images that were finished.
    package var images: Int { outputs.values.count }

    /// The configuration with everything that it leaves open as this run had it.
    package var resolvedConfiguration: Configuration { configuration.resolved(for: network, on: hardware) }

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
            FinishedRun.rank(of: label, in: output.values).map { $0 < best } ?? false
        }
        return Double(right) / Double(images)
    }

    /// Place of a class in the order of the outputs, largest first, equals by index; nil for one that is no output.
    static func rank(of label: Int, in values: [Int32]) -> Int? {
        guard values.indices.contains(label) else { return nil }
        return values.indices.count { values[$0] > values[label] || (values[$0] == values[label] && $0 < label) }
    }
}
