// The one parallel loop of this program, with one rule for failure and for interrupts. Work items are independent and
// long (an image, a design, a judge), so that nothing finer is needed.

import Dispatch
import Synchronization

/// Runs `work` for every index below `count`, `workers` at a time, in the order of the indices, and gives their values.
///
/// No new work starts after a failure or once `stop` is true; what is running ends by itself. Of several failures the
/// one with the smallest index is thrown: the same whatever the number of workers, for all smaller indices were run.
/// An element is nil where its work did not start, or gave nil.
package func mapParallel<Value: Sendable>(
    count: Int, workers: Int, stop: @Sendable () -> Bool = { false }, _ work: @Sendable (Int) throws -> Value?
) throws -> [Value?] {
    let board = Mutex(WorkBoard<Value>(count: count))
    DispatchQueue.concurrentPerform(iterations: max(1, min(workers, count))) { _ in
        while !stop(), let index = board.withLock({ $0.next() }) {
            let result = Result { try work(index) }
            board.withLock { $0.finish(index, result) }
        }
    }
    return try board.withLock { try $0.values() }
}

/// Which work is handed out, and what came of it.
private struct WorkBoard<Value: Sendable> {
    private let count: Int
    private var started = 0
    private var finished: [Value?]
    private var failure: (index: Int, error: any Error)?

    init(count: Int) {
        self.count = count
        finished = Array(repeating: nil, count: count)
    }

    /// The next index; nil when there is none or something has failed.
    mutating func next() -> Int? {
        guard failure == nil, started < count else { return nil }
        started += 1
        return started - 1
    }

    mutating func finish(_ index: Int, _ result: Result<Value?, any Error>) {
        switch result {
        case .success(let value): finished[index] = value
        case .failure(let error):
            if let known = failure, known.index < index { return }
            failure = (index, error)
        }
    }

    func values() throws -> [Value?] {
        if let failure { throw failure.error }
        return finished
    }
}
