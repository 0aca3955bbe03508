// The outputs of all images. The array computes a sample of them, the reference model the others: it gives the same
// bits, which the sample proves, in a fraction of the time.

import Dispatch
import Networks
import ReferenceModel
import Synchronization

/// Outputs of the images that were finished, and what was compared.
struct ImageOutputs: Sendable {
    /// Counts of compared and of differing output values.
    struct Check: Sendable, Equatable {
        var checked = 0
        var mismatches = 0

        static func + (first: Check, second: Check) -> Check {
            Check(checked: first.checked + second.checked, mismatches: first.mismatches + second.mismatches)
        }
    }

    /// The network's output of each image, from the first image on.
    let values: [IntegerTensor]
    /// Of these, images that the array computed.
    let arrayImages: Int
    /// The array's outputs against the reference model's; nil when the check is off.
    let check: Check?

    /// `array` has the outputs of the images `sample`, or, after an interruption, of the first of them. Runs the
    /// reference model on the others, and on the sample where it is checked, `threads` images at a time.
    /// Throws `ReferenceModelError`.
    init(
        _ network: QuantizedNetwork, inputs: [IntegerTensor], sample: [Int], array: [IntegerTensor],
        settings: RunSettings, progress: ImageProgress, interrupted: @escaping @Sendable () -> Bool
    ) throws {
        let computed = Dictionary(uniqueKeysWithValues: zip(sample, array))
        let state = Mutex<Board>(Board(outputs: Array(repeating: nil, count: inputs.count)))
        let next = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: min(settings.threads, max(1, inputs.count))) { _ in
            while true {
                let index = next.add(1, ordering: .relaxed).oldValue
                guard index < inputs.count else { return }
                let given = computed[index]
                if given == nil && interrupted() { continue }
                do {
                    let needsReference = given == nil || settings.check
                    let expected = needsReference ? try ReferenceModel.infer(network, input: inputs[index]) : nil
                    state.withLock { $0.add(index, array: given, reference: expected) }
                    if given == nil { progress.finishReference() }
                } catch {
                    state.withLock { $0.failure = error }
                    return
                }
            }
        }
        let board = state.withLock { $0 }
        if let failure = board.failure { throw failure }
        let values = Array(board.outputs.prefix { $0 != nil }.compactMap { $0 })
        self.values = values
        arrayImages = computed.keys.count { $0 < values.count }
        check = settings.check ? board.checks.filter { $0.key < values.count }.values.reduce(Check(), +) : nil
    }

    private struct Board {
        var outputs: [IntegerTensor?]
        var checks: [Int: Check] = [:]
        var failure: (any Error)?

        mutating func add(_ index: Int, array: IntegerTensor?, reference: IntegerTensor?) {
            outputs[index] = array ?? reference
            guard let array, let reference else { return }
            let differing = zip(reference.values, array.values).count { $0 != $1 }
            checks[index] = Check(checked: reference.values.count, mismatches: differing)
        }
    }
}

/// The fraction of images that are done, of the array and of the reference model together.
final class ImageProgress: Sendable {
    private let count: Int
    private let report: (@Sendable (Double) -> Void)?
    private let done = Mutex<(array: Double, reference: Int)>((0, 0))

    init(count: Int, report: (@Sendable (Double) -> Void)?) {
        self.count = count
        self.report = report
    }

    /// The array has done this fraction of its images.
    func array(_ fraction: Double, of images: Int) {
        tell(
            done.withLock { done in
                done.array = max(done.array, fraction * Double(images))
                return done.array + Double(done.reference)
            })
    }

    /// The reference model has finished one more image.
    func finishReference() {
        tell(
            done.withLock { done in
                done.reference += 1
                return done.array + Double(done.reference)
            })
    }

    private func tell(_ images: Double) { report?(min(1, images / Double(max(1, count)))) }
}
