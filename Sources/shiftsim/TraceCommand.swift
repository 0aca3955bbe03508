import ArgumentParser
import Diagnostics
import Foundation
import Waveforms

struct TraceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace", abstract: "Reads back, compares and converts waveform files (FST, VCD, VCD.GZ).",
        subcommands: [Info.self, Dump.self, Diff.self, Convert.self, Stats.self, Find.self])

    /// Says on standard error what there is to know about a file that was read: that it was cut.
    private static func note(_ extent: TraceExtent, _ file: String) {
        for note in extent.notes(on: file) { Console.message("warning: " + note) }
    }

    struct Info: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Format, times, scopes and numbers of changes.")
        @Argument(help: "A waveform file.") var file: String
        @Flag(help: "Lists every signal with its number of changes.") var signals = false

        func run() throws {
            let info = try TraceInfo(of: try TraceFile.open(file))
            Console.result(info.text(listingSignals: signals))
            TraceCommand.note(info.extent, file)
        }
    }

    struct Dump: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Every change as a line: time, path, value.")
        @Argument(help: "A waveform file.") var file: String
        @Option(help: ArgumentHelp("Signals, such as 'top.array.*'; repeatable.", valueName: "glob"))
        var taps: [String] = []
        @Option(help: "binary, hexadecimal, decimal or signed.") var radix = "hexadecimal"
        @Option(help: ArgumentHelp("Times, both ends included.", valueName: "from:to")) var window: String?

        func run() throws {
            guard let radix = TraceRadix(rawValue: radix) else {
                let accepted = TraceRadix.allCases.map(\.rawValue).joined(separator: ", ")
                throw InputError(at: "--radix", "is '\(radix.echoed)'; accepted: \(accepted)")
            }
            let dump = TraceDump(
                filter: try SignalFilter(taps), radix: radix, window: try Self.times(window))
            var page = Page()
            let extent = try dump.run(try TraceFile.open(file)) { page.append($0) }
            page.flush()
            TraceCommand.note(extent, file)
        }

        static func times(_ text: String?) throws -> ClosedRange<UInt64> {
            guard let text else { return 0...UInt64.max }
            let bounds = text.split(separator: ":", omittingEmptySubsequences: false).map { UInt64($0) }
            guard bounds.count == 2, let from = bounds[0], let to = bounds[1], from <= to else {
                throw InputError(at: "--window", "is '\(text.echoed)'; accepted: FROM:TO, such as 0:20000")
            }
            return from...to
        }
    }

    struct Diff: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compares two files; exit code 1 and the first difference when they differ.")
        @Argument(help: "The first file.") var first: String
        @Argument(help: "The second file.") var second: String
        @Option(help: ArgumentHelp("Signals compared, by path behind the prefix; repeatable.", valueName: "glob"))
        var taps: [String] = []
        @Option(help: "Path prefix of the first file's signals.") var prefixA = ""
        @Option(help: "Path prefix of the second file's signals.") var prefixB = ""
        @Option(help: "Differing signals shown.") var limit = 1
        @Flag(help: "Only signals and times of both files count.") var common = false

        func run() throws {
            let options = TraceDiffOptions(
                prefixA: prefixA, prefixB: prefixB, filter: try SignalFilter(taps), limit: limit,
                commonOnly: common)
            let report = try TraceDiff.compare(try TraceFile.open(first), try TraceFile.open(second), options: options)
            Console.result(report.text)
            for note in report.notes { Console.message("warning: " + note) }
            if !report.isMatch { throw ExitCode(ExitStatus.checkFailed) }
        }
    }

    struct Convert: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Rewrites a file in the format its new name asks for.")
        @Argument(help: "A waveform file.") var file: String
        @Argument(
            help: ArgumentHelp(
                "The new file (\((TraceFormat.endings + [SAIFWriter.ending]).joined(separator: ", "))); the last has the "
                    + "activity of each bit in place of its values."))
        var target: String
        @Option(help: ArgumentHelp("Signals converted; repeatable.", valueName: "glob")) var taps: [String] = []

        func run() throws {
            if target.lowercased().hasSuffix(SAIFWriter.ending) {
                let writer = SAIFWriter(filter: try SignalFilter(taps))
                let result = try writer.write(try TraceFile.open(file), to: target)
                Console.message("\(result.nets) bits over \(result.duration) units of time")
                TraceCommand.note(result.extent, file)
                return
            }
            let converter = TraceConverter(filter: try SignalFilter(taps))
            let result = try converter.convert(try TraceFile.open(file), to: target)
            Console.message("\(result.signals) signals, \(result.changes) changes")
            if result.simplifiedChanges > 0 {
                Console.message(
                    "\(result.simplifiedChanges) changes have VHDL's u, w, l, h or -, written as x, 0 and 1")
            }
            TraceCommand.note(result.extent, file)
        }
    }

    struct Stats: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Changes, toggled bits and changes to unknown values of every signal.")
        @Argument(help: "A waveform file.") var file: String
        @Option(help: ArgumentHelp("Signals counted; repeatable.", valueName: "glob")) var taps: [String] = []

        func run() throws {
            let stats = try TraceStats(of: try TraceFile.open(file), filter: try SignalFilter(taps))
            Console.result(stats.text)
            TraceCommand.note(stats.extent, file)
        }
    }

    struct Find: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The changes to a value, as dump writes them; exit code 1 when there is none.")
        @Argument(help: "A waveform file.") var file: String
        @Argument(help: "A value: 12, 0x0c, 0b11xz, 0.5 or a string's text.") var value: String
        @Option(help: ArgumentHelp("Signals looked at; repeatable.", valueName: "glob")) var taps: [String] = []
        @Option(help: ArgumentHelp("Times, both ends included.", valueName: "from:to")) var window: String?

        func run() throws {
            let search = TraceSearch(value: value, filter: try SignalFilter(taps), window: try Dump.times(window))
            var page = Page()
            let extent = try search.run(try TraceFile.open(file)) { page.append($0) }
            page.flush()
            TraceCommand.note(extent, file)
            if page.count == 0 {
                Console.message("no change to the value '\(value.echoed)'")
                throw ExitCode(ExitStatus.checkFailed)
            }
        }
    }

    /// Lines on their way to standard output.
    private struct Page {
        private var lines: [String] = []
        private(set) var count = 0

        mutating func append(_ line: String) {
            lines.append(line)
            count += 1
            if lines.count == 4096 { flush() }
        }

        mutating func flush() {
            if !lines.isEmpty { Console.result(lines.joined(separator: "\n") + "\n") }
            lines.removeAll(keepingCapacity: true)
        }
    }
}
