// Do readers we did not write find the same values in our files, and we the same in theirs?
import Foundation
import TestSupport
import Testing

@testable import Waveforms

@Suite struct ExternalReaderTests {
    @Test(
        .enabled(if: Tools.pywellen, "pywellen is not installed (SHIFTSIM_PYTHON or .venv/bin/python)"),
        arguments: ["a.fst", "stored.fst", "sections.fst", "a.vcd"])
    func pywellenAgrees(name: String) throws {
        try check(name, reader: "pywellen")
    }

    @Test(
        .enabled(if: Tools.pylibfst, "pylibfst is not installed (SHIFTSIM_PYTHON or .venv/bin/python)"),
        arguments: ["a.fst", "stored.fst", "sections.fst"])
    func pylibfstAgrees(name: String) throws {
        try check(name, reader: "pylibfst")
    }

    private func check(_ name: String, reader: String) throws {
        let folder = try Scratch()
        let stimulus = try write(folder.path(name))
        #expect(try Tools.lines(of: folder.path(name), reader: reader) == stimulus.expectedLines)
    }

    @Test(
        .enabled(if: Tools.fst2vcd != nil, "fst2vcd (gtkwave) is not installed"),
        arguments: ["a.fst", "stored.fst", "sections.fst"])
    func fst2vcdAgrees(name: String) throws {
        let folder = try Scratch()
        let stimulus = try write(folder.path(name))
        let text = folder.path("theirs.vcd")
        #expect(try Tools.run(#require(Tools.fst2vcd), [folder.path(name), "-o", text]).code == 0)
        #expect(try canonicalLines(of: TraceFile.open(text)) == stimulus.expectedLines)
        let report = try TraceDiff.compare(TraceFile.open(folder.path(name)), TraceFile.open(text))
        #expect(report.isMatch && report.onlyInA.isEmpty && report.onlyInB.isEmpty)
    }

    /// vcd2fst writes LZ4, FastLZ or zlib chains.
    @Test(.enabled(if: Tools.vcd2fst != nil, "vcd2fst (gtkwave) is not installed"), arguments: ["-4", "-F", "-Z"])
    func filesOfVcd2fstAreRead(pack: String) throws {
        let folder = try Scratch()
        let stimulus = try write(folder.path("a.vcd"))
        let packed = folder.path("theirs.fst")
        #expect(try Tools.run(#require(Tools.vcd2fst), [pack, folder.path("a.vcd"), packed]).code == 0)
        #expect(try canonicalLines(of: TraceFile.open(packed)) == stimulus.expectedLines)
    }

    @Test(.enabled(if: Tools.gzip != nil, "gzip is not installed"))
    func gzipUnpacksCompressedVCD() throws {
        let folder = try Scratch()
        _ = try write(folder.path("a.vcd"))
        _ = try write(folder.path("b.vcd.gz"))
        let (code, text) = try Tools.run(#require(Tools.gzip), ["-dc", folder.path("b.vcd.gz")])
        #expect(code == 0)
        #expect(try text == String(contentsOfFile: folder.path("a.vcd"), encoding: .utf8))
    }

    @Test(
        .enabled(if: Tools.byteChecker != nil, "needs ../shared/tools/fst_decode.py and a Python"),
        arguments: ["a.fst", "stored.fst", "sections.fst"])
    func everyByteIsExplained(name: String) throws {
        let folder = try Scratch()
        let stimulus = try write(folder.path(name))
        let checker = try #require(Tools.byteChecker)
        let python = try #require(Tools.python)
        let (code, output) = try Tools.run(python, [checker, "--quiet", folder.path(name)])
        #expect(code == 0)
        #expect(output == "OK: every byte explained\n")
        #expect(try canonicalLines(of: TraceFile.open(folder.path(name))) == stimulus.expectedLines)
    }

    private func write(_ path: String) throws -> Stimulus {
        let stimulus = try Stimulus(seed: 11, times: 400)
        let options = TraceWriterOptions(
            compressionLevel: path.hasSuffix("stored.fst") ? 0 : 4,
            sectionBytes: path.hasSuffix("sections.fst") ? 500 : 32 << 20)
        try stimulus.write(to: makeTraceWriter(path: path, hierarchy: stimulus.hierarchy, options: options))
        return stimulus
    }
}
