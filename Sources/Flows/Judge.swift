// The outputs of all images. The array computes a sample of them, the reference model the others: it gives the same
// bits, which the sample proves, in a fraction of the time.

import Networks
import ReferenceModel
import Reports
import Support

/// The reference model beside the array.
struct Judge: Sendable {
    let network: QuantizedNetwork
    /// Whether the array's outputs are compared.
    let checks: Bool
    /// Images at a time.
    let threads: Int
    let progress: ImageProgress
    let interrupted: @Sendable () -> Bool

    /// One image: its output, and what was compared of the array's.
    private struct Verdict {
        var output: IntegerTensor
        var check: OutputCheck?
    }

    /// `array` has the outputs of the images `sample`, or, after an interruption, of the first of them. Runs the
    /// reference model on the others, and on the sample where it is checked. Throws `ReferenceModelError`.
    func outputs(_ inputs: [IntegerTensor], sample: [Int], array: [IntegerTensor]) throws -> JudgedOutputs {
        let computed = Dictionary(uniqueKeysWithValues: zip(sample, array))
        let verdicts = try mapParallel(count: inputs.count, workers: threads) { index -> Verdict? in
            guard let given = computed[index] else {
                if interrupted() { return nil }
                let output = try ReferenceModel.infer(network, input: inputs[index])
                progress.finishReference()
                return Verdict(output: output)
            }
            let expected = checks ? try ReferenceModel.infer(network, input: inputs[index]) : nil
            return Verdict(output: given, check: expected.map { OutputCheck(given, expected: $0) })
        }
        let finished = verdicts.prefix { $0 != nil }.compactMap { $0 }
        return JudgedOutputs(
            values: finished.map(\.output), arrayImages: computed.keys.count { $0 < finished.count },
            check: checks ? finished.compactMap(\.check).reduce(OutputCheck(), +) : nil)
    }
}
