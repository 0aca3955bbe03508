import Foundation
import Networks
import Preparation
import Quantizer
import ReferenceModel
import Reports
import TestSupport
import Testing

@testable import Flows

/// Are outputs judged alike, whenever and wherever the reference model runs?
@Suite struct JudgeTests {
    private func judge(
        _ network: QuantizedNetwork, threads: Int, checks: Bool = true,
        interrupted: @escaping @Sendable () -> Bool = { false }
    ) -> Judge {
        Judge(
            network: network, checks: checks, threads: threads,
            progress: ImageProgress(others: 0, report: nil),
            interrupted: interrupted)
    }

    private func network() throws -> (QuantizedNetwork, [IntegerTensor]) {
        let network = try BuiltInNetworks.make(name: "tiny", weights: .synthetic(seed: 1))
        let images = SyntheticImages.make(shape: network.input, count: 3, seed: 2)
        let quantized = try Quantizer.quantize(
            network, options: QuantizationOptions(scheme: .nBQ(bits: 3)), calibration: images
        ).0
        return (quantized, try images.map(quantized.quantizedInput))
    }

    /// The array's work waits until the reference model has begun: that can only end where both run at a time.
    @Test func aThreadWithoutAnImageChecks() throws {
        let (network, inputs) = try network()
        let begun = DispatchSemaphore(value: 0)
        let judge = judge(network, threads: 3) {
            begun.signal()
            return false
        }
        let (met, expected) = try judge.beside(inputs, sample: [0, 2]) {
            begun.wait(timeout: .now() + 60) == .success
        }
        #expect(met)
        #expect(
            expected == [
                0: try ReferenceModel.infer(network, input: inputs[0]),
                2: try ReferenceModel.infer(network, input: inputs[2]),
            ])
    }

    /// As many images as threads, or nothing to check: nothing runs beside the array.
    @Test(arguments: [(1, true), (2, true), (8, false)])
    func noThreadIsAddedForIt(threads: Int, checks: Bool) throws {
        let (network, inputs) = try network()
        let judge = judge(network, threads: threads, checks: checks) {
            Issue.record("the reference model runs")
            return true
        }
        let (result, expected) = try judge.beside(inputs, sample: [0, 2]) { 5 }
        #expect(result == 5 && expected.isEmpty)
    }

    @Test(arguments: [1, 2, 3, 4])
    func verdictsAreTheSame(threads: Int) throws {
        let (network, inputs) = try network()
        var right = try [0, 2].map { try ReferenceModel.infer(network, input: inputs[$0]) }
        let middle = try ReferenceModel.infer(network, input: inputs[1])
        for wrong in [0, 7] {
            right[1].values[3] += Int32(wrong)
            let given = right
            let judge = judge(network, threads: threads)
            let (array, expected) = try judge.beside(inputs, sample: [0, 2]) { given }
            let outputs = try judge.outputs(inputs, sample: [0, 2], array: array, expected: expected)
            #expect(outputs.values == [given[0], middle, given[1]])
            #expect(outputs.arrayImages == 2)
            #expect(outputs.check?.mismatches == (wrong == 0 ? 0 : 1))
        }
    }

    /// What the array says of a failure is what the user sees.
    @Test func theArraysFailureComesFirst() throws {
        struct Failure: Error {}
        let (network, inputs) = try network()
        #expect(throws: Failure.self) {
            try judge(network, threads: 4).beside(inputs, sample: [0]) { throw Failure() }
                as (Int, [Int: IntegerTensor])
        }
    }
}
