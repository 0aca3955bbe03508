// The functional check: every output of the array against the reference model.

import Dispatch
import Networks
import ReferenceModel
import Synchronization

/// Counts of compared and of differing output values.
struct OutputCheck: Sendable, Equatable {
    var checked = 0
    var mismatches = 0

    /// Runs the reference model on every image, `threads` images at a time, and compares.
    static func run(
        _ network: QuantizedNetwork, inputs: [IntegerTensor], outputs: [IntegerTensor], threads: Int
    ) throws -> OutputCheck {
        let count = min(inputs.count, outputs.count)
        let next = Atomic<Int>(0)
        let state = Mutex<(check: OutputCheck, failure: (any Error)?)>((OutputCheck(), nil))
        DispatchQueue.concurrentPerform(iterations: min(threads, max(1, count))) { _ in
            while true {
                let index = next.add(1, ordering: .relaxed).oldValue
                guard index < count else { return }
                do {
                    let expected = try ReferenceModel.infer(network, input: inputs[index])
                    let differing = zip(expected.values, outputs[index].values).count { $0 != $1 }
                    state.withLock {
                        $0.check.checked += expected.values.count
                        $0.check.mismatches += differing
                    }
                } catch {
                    state.withLock { $0.failure = error }
                    return
                }
            }
        }
        let (check, failure) = state.withLock { $0 }
        if let failure { throw failure }
        return check
    }
}
