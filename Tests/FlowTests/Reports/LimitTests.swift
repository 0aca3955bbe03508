import Testing

@testable import Reports

/// Does a report say what limits a run?
@Suite struct LimitTests {
    /// 1,000 cycles with these causes on 64 lanes.
    private func text(
        compute: Int, load: Int = 0, instructions: Int = 0, store: Int = 0, fill: Int = 0, work: Double,
        bandwidth: Double? = 0.3
    ) -> String {
        let cycles = CycleSection(
            total: 1000, compute: compute, stallLoad: load, stallInstructions: instructions, stallStore: store,
            fillDrain: fill, host: compute + load + store + fill < 1000 ? 1000 - compute - load - store - fill : nil,
            predicted: 1000)
        return LimitText(cycles, [], utilization: work, bandwidth: bandwidth, lanes: 64).text
    }

    @Test func theLargestLossIsNamed() {
        #expect(text(compute: 950, load: 50, work: 0.93).hasPrefix("the number of lanes: 93.0 %"))
        #expect(text(compute: 900, load: 100, work: 0.4).hasPrefix("the shapes of the layers: 50.0 %"))
        #expect(text(compute: 500, load: 300, store: 200, work: 0.5).hasPrefix("the way to memory: 50.0 %"))
        #expect(text(compute: 500, load: 500, work: 0.5, bandwidth: 0.9).hasPrefix("the memory: 50.0 %"))
        #expect(text(compute: 500, load: 500, work: 0.5, bandwidth: nil).hasPrefix("the beats of the memory"))
        #expect(text(compute: 500, load: 500, instructions: 400, work: 0.5).hasPrefix("instructions: 40.0 %"))
        #expect(text(compute: 500, fill: 500, work: 0.5).hasPrefix("small tiles: 50.0 %"))
        #expect(text(compute: 300, work: 0.3).hasPrefix("the host: 70.0 %"))
    }

    /// Shares of causes are of the lanes' time, so that those of a run and its work are 100 %.
    @Test func workIsInTheSentence() {
        #expect(text(compute: 800, load: 200, work: 0.75).hasSuffix("; 75.0 % of the time of 64 lanes is work"))
    }
}
