import Networks
import Schedule

/// Everything that a report is made from.
struct FinishedRun: Sendable {
    let configuration: Configuration
    let network: PreparedNetwork
    let plan: AcceleratorPlan
    let compiled: CompiledNetwork
    let result: MachineResult
    let check: OutputCheck?

    /// Images that were finished.
    var images: Int { result.finishedImages }

    /// Hash of the resolved configuration and of its input files.
    var configurationHash: String {
        let text = configuration.portableText(weightBits: plan.weightBits) + network.fingerprint
        return SHA256.hexadecimal(text.utf8)
    }

    /// Index of the largest output of each image; the first of equals.
    var classes: [Int] {
        result.outputs.map { output in
            let largest = output.values.max() ?? 0
            return output.values.firstIndex(of: largest) ?? 0
        }
    }

    /// Fraction of images whose class is their label, where labels exist.
    var accuracy: Double? {
        guard let labels = network.images.labels else { return nil }
        return Double(zip(classes, labels).count { $0 == $1 }) / Double(images)
    }
}
