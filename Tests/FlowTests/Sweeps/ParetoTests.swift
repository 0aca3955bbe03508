import Testing

@testable import Sweep

/// Is the front made of the rows that no other beats: as good in every objective, and better in one?
@Suite struct ParetoTests {
    private let cost = SweepObjective(key: "cost", isMinimum: true, place: "")
    private let speed = SweepObjective(key: "speed", isMinimum: false, place: "")

    private func front(_ rows: [(Double, Double)?]) -> [Int] {
        SweepObjective.front(rows.map { row in row.map { ["cost": $0.0, "speed": $0.1] } }, [cost, speed])
    }

    @Test func betterInOneAndEqualInTheOtherBeats() {
        #expect(front([(1, 5), (1, 4), (2, 5)]) == [0])
        #expect(front([(1, 4), (1, 5)]) == [1])
    }

    @Test func equalRowsStayTogether() { #expect(front([(1, 5), (2, 9), (1, 5)]) == [0, 1, 2]) }

    @Test func rowsWithoutNumbersAreNoCandidates() {
        #expect(front([nil, (3, 1), nil]) == [1])
        #expect(SweepObjective.front([["cost": 1], ["cost": 2, "speed": 1]], [cost, speed]) == [1])
    }
}
