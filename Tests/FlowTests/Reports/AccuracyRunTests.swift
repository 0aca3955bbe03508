// Does a set of images give the same results however many of them the array computes, and are they counted right?
import Foundation
import NetworkReaders
import Networks
import Synchronization
import TestSupport
import Testing

@testable import Configuration
@testable import Diagnostics
@testable import Flows
@testable import Support

@Suite struct AccuracyRunTests {
    private func outcome(
        _ workplace: Scratch, _ changes: [String], progress: (@Sendable (PhaseProgress) -> Void)? = nil,
        interrupted: @escaping @Sendable () -> Bool = { false }
    ) throws -> SimulationOutcome {
        let file = try workplace.write("tiny.yaml", Texts.tiny)
        let configuration = try Configuration.load(path: file, assignments: changes.map { ConfigAssignment($0) })
        return try Flow.simulate(
            SimulationRequest(
                configuration, directory: workplace.path("out"), progress: progress, interrupted: interrupted))
    }

    @Test func theSampleIsSpreadEvenly() {
        typealias Images = RunSettings.ArrayImages
        #expect(Images.automatic.indices(of: 16) == Array(0..<16))
        #expect(Images.automatic.indices(of: 17) == [0, 4, 8, 12])
        #expect(Images.automatic.indices(of: 2000) == [0, 500, 1000, 1500])
        #expect(Images.all.indices(of: 40) == Array(0..<40))
        #expect(Images.count(3).indices(of: 10) == [0, 3, 6])
        #expect(Images.count(10).indices(of: 3) == [0, 1, 2])
    }

    @Test func theSampleChangesNoResult() throws {
        let workplace = try Scratch()
        let all = try outcome(workplace, ["network.input.count=20", "run.array_images=all"]).report
        #expect(all.functional?.arrayImages == 20 && all.functional?.checked == 200)
        for (change, images) in [("run.check=true", 4), ("run.array_images=7", 7), ("run.array_images=20", 20)] {
            let report = try outcome(workplace, ["network.input.count=20", change]).report
            #expect(report.functional?.arrayImages == images)
            #expect(report.functional?.checked == 10 * images && report.functional?.mismatches == 0)
            #expect(report.functional?.outputSha256 == all.functional?.outputSha256)
            #expect(report.functional?.top1 == all.functional?.top1)
            #expect(report.cycles == all.cycles && report.dram == all.dram && report.network == all.network)
            #expect(report.latencyS == all.latencyS && report.utilization == all.utilization)
            #expect((report.configHash == all.configHash) == (images == 20))
        }
        let unchecked = try outcome(workplace, ["network.input.count=20", "run.check=false"]).report
        #expect(unchecked.functional != nil && unchecked.functional?.checked == nil)
        #expect(unchecked.functional?.outputSha256 == all.functional?.outputSha256)
    }

    @Test func togglesAreThoseOfTheSample() throws {
        let workplace = try Scratch()
        let one = try outcome(workplace, ["network.input.count=20", "run.array_images=1", "run.mode=full"]).report
        let alone = try outcome(workplace, ["run.mode=full"]).report
        #expect(one.activity?.images == 1 && one.activity == alone.activity)
        #expect(one.cycles.total == 20 * alone.cycles.total)
    }

    @Test func labelsAreCounted() throws {
        let workplace = try Scratch()
        var random = SeededGenerator(seed: 4)
        var records = Data()
        for index in 0..<24 {
            records.append(UInt8(index % 10))
            records.append(contentsOf: (0..<3072).map { _ in UInt8.random(in: 0...255, using: &random) })
        }
        try records.write(to: URL(fileURLWithPath: workplace.path("images.bin")))
        let result = try outcome(
            workplace,
            [
                "network.model=resnet20-cifar10", "network.input={images: \(workplace.path("images.bin")), count: 24}",
                "run.array_images=2", "buffers={ifmap_kib: 64, weight_kib: 64, ofmap_kib: 64}",
            ])
        let functional = try #require(result.report.functional)
        let outputs = try NpyReader.read(path: workplace.path("out/outputs.npy"))
        guard case .int32(let values) = outputs.elements else { throw InputError(at: "outputs.npy", "is no int32") }
        var right = (top1: 0, top5: 0)
        for image in 0..<24 {
            let scores = values[image * 10..<(image + 1) * 10].enumerated()
                .sorted { ($1.element, $0.offset) < ($0.element, $1.offset) }
            right.top1 += scores[0].offset == image % 10 ? 1 : 0
            right.top5 += scores[0..<5].contains { $0.offset == image % 10 } ? 1 : 0
            #expect(functional.top1[image] == scores[0].offset)
        }
        #expect(functional.accuracy == Double(right.top1) / 24)
        #expect(functional.top5Accuracy == Double(right.top5) / 24)
        #expect(right.top5 > right.top1)
        #expect(result.text.contains("... and 8 more"))
        #expect(result.text.contains("2 images on the array, 22 by the reference model"))
    }

    @Test func progressCountsBothPaths() throws {
        let workplace = try Scratch()
        let seen = Mutex<[PhaseProgress]>([])
        _ = try outcome(workplace, ["network.input.count=20"]) { part in seen.withLock { $0.append(part) } }
        let all = seen.withLock { $0 }
        #expect(all.prefix(3).map(\.phase) == [.reading, .quantizing, .elaborating])
        // Four images of the array come first; then each of the sixteen others is told.
        let array = all.filter { if case .simulating(_, of: 4) = $0.phase { true } else { false } }
        let parts = array.compactMap(\.fraction)
        #expect(parts.count == array.count && parts == parts.sorted() && parts.first == 0)
        let images = array.map { if case .simulating(let image, _) = $0.phase { image } else { 0 } }
        #expect(Set(images) == [1, 2, 3, 4] && images == images.sorted())
        let checks = all.filter { $0.phase == .checking }
        #expect(checks.first?.fraction == nil && checks.last?.fraction == 1)
        #expect(checks.compactMap(\.fraction) == (1...16).map { Double($0) / 16 })
        #expect(all.count == 3 + array.count + checks.count)
    }

    /// Interrupted among the images of the reference model: those before are kept.
    @Test func interruptionKeepsWhatIsFinished() throws {
        let workplace = try Scratch()
        let done = Mutex(0.0)
        let result = try outcome(
            workplace, ["network.input.count=40", "run.array_images=1"],
            progress: { progress in
                guard progress.phase == .checking, let part = progress.fraction else { return }
                done.withLock { $0 = part }
            },
            interrupted: { done.withLock { $0 >= 0.5 } })
        #expect(result.isInterrupted)
        let images = result.report.network.images
        #expect((20..<40).contains(images) && result.report.functional?.top1.count == images)
        #expect(result.report.functional?.checked == 10)
        #expect(try NpyReader.read(path: workplace.path("out/outputs.npy")).shape == [images, 10, 1, 1])
    }

    @Test(arguments: ["0", "some", "100001", "1.5", "[1]"])
    func otherCountsAreRefused(value: String) throws {
        let workplace = try Scratch()
        do {
            _ = try outcome(workplace, ["run.array_images=\(value)"])
            Issue.record("was accepted")
        } catch let error as InputError {
            #expect("\(error)".contains("run.array_images") && "\(error)".contains("accepted: all, 1...100000"))
        }
    }
}
