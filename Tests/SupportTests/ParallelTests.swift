import Foundation
import Support
import Synchronization
import TestSupport
import Testing

/// Has the parallel loop one rule for values, failures and interrupts, whatever the number of workers?
@Suite struct ParallelTests {
    struct Failure: Error, Equatable { var index: Int }

    @Test(arguments: [1, 2, 3, 8, 100])
    func valuesStandInOrder(workers: Int) throws {
        let values = try mapParallel(count: 57, workers: workers) { index in index % 5 == 0 ? nil : index * index }
        #expect(values == (0..<57).map { $0 % 5 == 0 ? nil : $0 * $0 })
        #expect(try mapParallel(count: 0, workers: workers) { $0 }.isEmpty)
    }

    /// Of several failures the first by index is thrown, although the others come before it in time.
    @Test(arguments: [1, 2, 4, 16])
    func theFirstFailureByIndexWins(workers: Int) throws {
        for _ in 0..<20 {
            #expect(throws: Failure(index: 7)) {
                try mapParallel(count: 64, workers: workers) { index -> Int in
                    if index == 7 { Thread.sleep(forTimeInterval: 0.002) }
                    if index >= 7 { throw Failure(index: index) }
                    return index
                }
            }
        }
    }

    @Test func noWorkStartsAfterAFailure() throws {
        let started = Atomic<Int>(0)
        #expect(throws: Failure.self) {
            try mapParallel(count: 1000, workers: 2) { index -> Int in
                started.wrappingAdd(1, ordering: .relaxed)
                if index == 3 { throw Failure(index: 3) }
                Thread.sleep(forTimeInterval: 0.001)
                return index
            }
        }
        // Three before it, one beside it, and at most one that was handed out while the failure was on its way.
        #expect(started.load(ordering: .relaxed) <= 10)
    }

    @Test func noWorkStartsAfterAnInterrupt() throws {
        let isStopped = Atomic<Bool>(false)
        let values = try mapParallel(
            count: 100, workers: 2, stop: { isStopped.load(ordering: .relaxed) },
            { index -> Int in
                if index == 10 { isStopped.store(true, ordering: .relaxed) }
                return index
            })
        #expect(values[10] == 10, "what runs ends by itself")
        #expect(values.compactMap { $0 }.count < 100)
        #expect(values[99] == nil)
    }

    /// Who needs another key does not wait: here the first key's value is made only when the second's has been.
    @Test func aKeyHoldsUpNoOther() throws {
        let cache = OncePerKey<String, Int>()
        let second = DispatchSemaphore(value: 0)
        let values = try mapParallel(count: 2, workers: 2) { index -> Int in
            try cache.value(index == 0 ? "first" : "second") {
                if index == 1 { second.signal() }
                if index == 0, second.wait(timeout: .now() + 10) == .timedOut { throw Failure(index: 0) }
                return index
            }
        }
        #expect(values == [0, 1])
    }

    @Test func aKeyIsMadeOnce() throws {
        let cache = OncePerKey<Int, Int>()
        let made = Atomic<Int>(0)
        let values = try mapParallel(count: 40, workers: 8) { index in
            try cache.value(index % 2) {
                made.wrappingAdd(1, ordering: .relaxed)
                Thread.sleep(forTimeInterval: 0.01)
                return index % 2
            }
        }
        #expect(values == (0..<40).map { $0 % 2 })
        #expect(made.load(ordering: .relaxed) == 2)
        // An error is kept as a value is.
        for _ in 0..<2 {
            #expect(throws: Failure(index: 1)) { try cache.value(5) { throw Failure(index: 1 ) } }
        }
        #expect(throws: Failure(index: 1)) { try cache.value(5) { 3 } }
    }
}
