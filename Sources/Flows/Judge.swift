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

    /// Runs the array on the images `sample` and, where there is a thread that it has no image for, the reference model on
    /// the same images beside it: its outputs by image, for `outputs`. What fails in the array comes first.
    func beside<Result: Sendable>(
        _ inputs: [IntegerTensor], sample: [Int], _ array: @escaping @Sendable () throws -> Result
    ) throws -> (result: Result, expected: [Int: IntegerTensor]) {
        guard checks, sample.count < threads else { return (try array(), [:]) }
        let parts = try mapParallel(count: 2, workers: 2) { part -> Part<Result>? in
            if part == 0 { return .array(try array()) }
            var expected: [Int: IntegerTensor] = [:]
            for index in sample where !interrupted() {
                expected[index] = try ReferenceModel.infer(network, input: inputs[index])
            }
            return .reference(expected)
        }
        guard case .array(let result) = parts[0], case .reference(let expected) = parts[1] else {
            return (try array(), [:])
        }
        return (result, expected)
    }

    /// `array` has the outputs of the images `sample`, or, after an interruption, of the first of them. Runs the
    /// reference model on the others, and on those of the sample that are checked and not in `expected`. Throws
    /// `ReferenceModelError`.
    func outputs(
        _ inputs: [IntegerTensor], sample: [Int], array: [IntegerTensor], expected known: [Int: IntegerTensor] = [:]
    ) throws -> JudgedOutputs {
        let computed = Dictionary(uniqueKeysWithValues: zip(sample, array))
        let verdicts = try mapParallel(count: inputs.count, workers: threads) { index -> Verdict? in
            guard let given = computed[index] else {
                if interrupted() { return nil }
                let output = try ReferenceModel.infer(network, input: inputs[index])
                progress.finishReference()
                return Verdict(output: output)
            }
            let expected = checks ? try known[index] ?? ReferenceModel.infer(network, input: inputs[index]) : nil
            return Verdict(output: given, check: expected.map { OutputCheck(given, expected: $0) })
        }
        let finished = verdicts.prefix { $0 != nil }.compactMap { $0 }
        return JudgedOutputs(
            values: finished.map(\.output), arrayImages: computed.keys.count { $0 < finished.count },
            check: checks ? finished.compactMap(\.check).reduce(OutputCheck(), +) : nil)
    }
}

/// What is done beside each other.
private enum Part<Result: Sendable>: Sendable {
    case array(Result)
    case reference([Int: IntegerTensor])
}
