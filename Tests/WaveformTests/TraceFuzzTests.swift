// Does a damaged trace, of whatever format, end in a result or in an error of ours, soon and in bounded memory?
import Foundation
import TestSupport
import Testing

@testable import Waveforms

@Suite struct TraceFuzzTests {
    /// Damaged files of each form. `SHIFTSIM_TRACE_MUTATIONS` asks for more.
    static let mutations = Tools.environment["SHIFTSIM_TRACE_MUTATIONS"].flatMap { Int($0) } ?? 130

    /// All odd declarations in one file, with some more values.
    static let text: String = {
        var declarations: [String] = []
        var changes = "#0\n$dumpvars\n"
        var later = ""
        for (number, trace) in OddTrace.all.enumerated() {
            // Codes of one character become codes of two, so that those of two traces differ.
            let letter = Character(Unicode.Scalar(UInt8(ascii: "A") + UInt8(number)))
            let coded = { (line: String, place: Int) -> String in
                var words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
                guard words.count > place else { return line }
                words[place] += String(letter)
                return words.joined(separator: " ")
            }
            declarations += ["$scope module m\(number) $end"]
            declarations += trace.declarations.map { $0.hasPrefix("$var") ? coded($0, 3) : $0 }
            declarations += ["$upscope $end"]
            for line in trace.changes.split(separator: "\n") where !line.hasPrefix("#") {
                let change = line.contains(" ") ? coded(String(line), 1) : line + String(letter)
                changes += change + "\n"
                later += "#\(10 + number)\n\(change)\n"
            }
        }
        return "$timescale 1 ns $end\n" + declarations.joined(separator: "\n") + "\n$enddefinitions $end\n" + changes
            + "$end\n" + later + "#99\n"
    }()

    @Test(arguments: TraceForm.allCases)
    func damagedFilesEndWell(form: TraceForm) throws {
        let folder = try Scratch()
        guard let good = try form.make(Self.text, of: OddTrace.all[0], "a", in: folder) else { return }
        let bytes = try Array(Data(contentsOf: URL(fileURLWithPath: good.path)))
        #expect(try good.forEachChange { _ in }.changes > 60)
        var random = SplitMix(state: UInt64(bitPattern: Int64(form.rawValue.utf8.reduce(7) { $0 &* 31 &+ Int64($1) })))
        var (errors, results) = (0, 0)
        for number in 0..<Self.mutations {
            let path = try folder.file("damaged", Self.mutated(bytes, &random))
            let start = ContinuousClock.now
            do {
                try Self.useEverything(path, beside: good, folder)
                results += 1
            } catch is WaveformError {
                errors += 1
            }
            #expect(ContinuousClock.now - start < .seconds(5), "mutation \(number)")
        }
        #expect(errors > Self.mutations / 20 && results + errors == Self.mutations)
    }

    /// Every command over a file.
    private static func useEverything(_ path: String, beside good: TraceFile, _ folder: Scratch) throws {
        let file = try TraceFile.open(path)
        try TraceDump().run(file) { _ in }
        _ = try TraceInfo(of: file).text(listingSignals: true)
        _ = try TraceStats(of: file).text
        _ = try TraceDiff.compare(good, file, options: TraceDiffOptions(limit: 1000)).text
        _ = try TraceDiff.compare(file, good, options: TraceDiffOptions(limit: 1000, commonOnly: true)).text
        for ending in ["fst", "vcd"] {
            let target = folder.path("converted.\(ending)")
            _ = try TraceConverter().convert(file, to: target)
            // What we wrote we can read, and it is the same.
            let report = try TraceDiff.compare(
                file, TraceFile.open(target), options: TraceDiffOptions(commonOnly: true))
            #expect(report.differences.isEmpty, "\(report.text)")
        }
    }

    /// Bytes replaced, taken out, doubled or moved, or the end cut off; gzip data is damaged inside of its wrapping.
    private static func mutated(_ bytes: [UInt8], _ random: inout SplitMix) -> [UInt8] {
        var result = bytes
        for _ in 0..<Int.random(in: 1...3, using: &random) where result.count > 20 {
            let start = Int.random(in: 0..<result.count - 16, using: &random)
            let range = start..<start + Int.random(in: 1...16, using: &random)
            switch Int.random(in: 0..<8, using: &random) {
            case 0: result.removeSubrange(range)
            case 1: result.insert(contentsOf: result[range], at: start)
            case 2: result.removeLast(Int.random(in: 1..<result.count / 2, using: &random))
            case 3: result.insert(contentsOf: result[range], at: Int.random(in: 0..<result.count, using: &random))
            case 4: for place in range { result[place] = [0, 0x7F, 0x80, 0xFF].randomElement(using: &random) ?? 0 }
            case 5: result[start] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 6: for place in range where (0x30...0x39).contains(result[place]) { result[place] = 0x39 }
            default: result[start] = UInt8.random(in: 0...255, using: &random)
            }
        }
        return result
    }
}
