// Are files of other programs, and the corners of both formats, read as they are meant?
import Foundation
import TestSupport
import Testing

@testable import Waveforms

@Suite struct ForeignFileTests {
    let folder: Scratch

    init() throws { folder = try Scratch() }

    @Test func verilatorsFSTAndVCDAgree() throws {
        let fst = try TraceFile.open(folder.file("v.fst", VerilatorTraces.fst))
        let vcd = try TraceFile.open(folder.file("v.vcd.gz", VerilatorTraces.compressedVCD))
        #expect(fst.format == .fst && vcd.format == .compressedVCD)
        #expect(fst.timescaleExponent == -12 && vcd.timescaleExponent == -12)
        #expect(fst.signals.count == 32 && vcd.signals.count == 32)
        #expect(try !TraceDiff.compare(fst, vcd).isMatch)
        let report = try TraceDiff.compare(fst, vcd, options: TraceDiffOptions(commonOnly: true))
        #expect(report.isMatch && report.signalsCompared == 28 && report.lastStep == 400)
        // The FST has a scope of its own for an array, the VCD has not.
        #expect(report.onlyInA == (0...3).map { "TOP.top.mem.mem[\($0)]" })
        #expect(report.onlyInB == (0...3).map { "TOP.top.mem[\($0)]" })
        let inArray = TraceDiffOptions(prefixA: "TOP.top.mem", prefixB: "TOP.top", filter: try SignalFilter(["mem[?]"]))
        #expect(try TraceDiff.compare(fst, vcd, options: inArray).signalsCompared == 4)
        #expect(try TraceDiff.compare(fst, vcd, options: inArray).isMatch)
    }

    @Test func verilatorsHierarchyIsKept() throws {
        let vcd = try TraceFile.open(folder.file("v.vcd.gz", VerilatorTraces.compressedVCD))
        let product = try #require(vcd.signalIndex(path: "TOP.top.row[2].u.product"))
        #expect(vcd.signals[product].width == 20 && vcd.signals[product].name == "product")
        let clock = try #require(vcd.signalIndex(path: "TOP.top.row[2].u.clk"))
        #expect(vcd.signals[clock].source == vcd.signalIndex(path: "TOP.clk"))
        #expect(vcd.signals.first { $0.name == "r" }?.kind == .real)
        #expect(vcd.scopes.map(\.path).contains("TOP.top.row[3].u"))
        // 40 rising edges, the first three of them in reset.
        let count = try #require(vcd.signalIndex(path: "TOP.top.cnt"))
        var values: [UInt64] = []
        try vcd.forEachChange(of: [count]) { values.append($0.words[0]) }
        #expect(Array(values.suffix(37)) == Array(1...37))
    }

    @Test func vcdSpellingsAreUnderstood() throws {
        let text = """
            $date today $end $comment a b c $end
            $timescale 10 us $end
            $scope module top $end
            $var wire 16 # name [15:0] $end
            $var reg 4 ab joined[3:0] $end
            $var wire 1 c bit [3] $end
            $scope begin gen[2] $end $var integer 32 longcode_99 i $end $upscope $end
            $var wire 70 ~~~~~ w $end
            $var real 64 R r $end $var string 0 S s $end $var wire 16 # again [15:0] $end
            $upscope $end
            $enddefinitions $end
            $dumpvars bxz # b01Z1 ab xc b101 longcode_99 bX ~~~~~ r-1.5e3 R sIDLE S $end
            #7
            B00001111111111111111 #
            $comment in between $end
            bU1WH ab 1c
            #12
            bz10 ~~~~~ hc
            #15

            """
        let file = try TraceFile.open(folder.file("x", text.utf8))
        #expect(file.format == .vcd && file.timescaleExponent == -5)
        #expect(
            file.signals.map(\.path) == [
                "top.name", "top.joined", "top.bit[3]", "top.gen[2].i", "top.w", "top.r", "top.s", "top.again",
            ])
        #expect(file.signals.map(\.kind) == [.wire, .register, .wire, .integer, .wire, .real, .string, .wire])
        var lines: [String] = []
        let extent = try TraceDump(radix: .binary).run(file) { lines.append($0) }
        let (x70, z70) = (String(repeating: "x", count: 70), String(repeating: "z", count: 70))
        #expect(
            lines == [
                "0 top.name 0bxxxxxxxxxxxxxxxz", "0 top.again 0bxxxxxxxxxxxxxxxz", "0 top.joined 0b01z1",
                "0 top.bit[3] x", "0 top.gen[2].i 0b" + String(repeating: "0", count: 29) + "101", "0 top.w 0b\(x70)",
                "0 top.r -1500.0", "0 top.s IDLE", "7 top.name 0b1111111111111111", "7 top.again 0b1111111111111111",
                "7 top.joined 0bx1x1", "7 top.bit[3] 1", "12 top.w 0b" + z70.dropLast(2) + "10", "12 top.bit[3] 1",
            ])
        #expect(extent == TraceExtent(start: 7, end: 15, changes: 12, isComplete: true))
        #expect(try file.forEachChange { _ in } == extent)
    }

    @Test(arguments: [
        ("psum [31:0]", 32, "psum", "[31:0]"), ("psum[31:0]", 32, "psum", "[31:0]"), ("a [0:0]", 1, "a", "[0:0]"),
        ("mem[3] [7:0]", 8, "mem[3]", "[7:0]"), ("mem[3]", 1, "mem[3]", ""), ("mem [3]", 1, "mem[3]", ""),
        ("plain", 4, "plain", ""), ("[3]", 1, "[3]", ""), ("x [-1:-4]", 4, "x", "[-1:-4]"),
        ("up [ 0 : 7 ]", 8, "up", "[0:7]"), ("odd [a:b]", 1, "odd[a:b]", ""),
        // An escaped name that looks like a range, and numbers beyond a word.
        ("\\bus[7:0]", 1, "\\bus[7:0]", ""), ("n[\(Int.min):\(Int.max)]", 3, "n[\(Int.min):\(Int.max)]", ""),
        ("shown [4:0]", 4, "shown", "[4:0]"),
    ])
    func rangesAreSplitOffNames(declared: String, width: Int, name: String, range: String) {
        #expect(TraceSignal.split(declared, width: width) == (name, range))
    }

    /// libfst's own way to pack x and z, scalar and vector, read through vcd2fst.
    @Test(.enabled(if: Tools.vcd2fst != nil, "vcd2fst (gtkwave) is not installed"), arguments: ["-4", "-F", "-Z"])
    func unknownBitsAndRealsOfLibfstAreRead(pack: String) throws {
        let text = """
            $timescale 1 ns $end
            $scope module t $end
            $var wire 1 ! a $end
            $var wire 9 " v [8:0] $end
            $var real 64 # r $end
            $upscope $end
            $enddefinitions $end
            #0
            x!
            bx "
            r0.5 #
            #3
            z!
            b1010z1x01 "
            #4
            1!
            b000000011 "
            r-2 #
            #9
            0!

            """
        let vcd = try TraceFile.open(folder.file("x.vcd", text.utf8))
        _ = try Tools.run(#require(Tools.vcd2fst), [pack, vcd.path, folder.path("x.fst")])
        let report = try TraceDiff.compare(vcd, TraceFile.open(folder.path("x.fst")))
        #expect(report.isMatch && report.signalsCompared == 3 && report.changesA == 9, "\(report.text)")
    }

    @Test func manyIdentifiersStayDistinct() throws {
        let signals = (0..<20_000).map { SignalDeclaration(name: "s\($0)", width: 32) }
        let hierarchy = try SignalHierarchy(root: [SignalScope(name: "top", signals: signals)])
        for name in ["a.vcd", "a.fst"] {
            let writer = try makeTraceWriter(path: folder.path(name), hierarchy: hierarchy)
            for handle in signals.indices { writer.change(handle, value: UInt64(handle)) }
            try writer.close(at: 1)
            var wrong = 0
            let extent = try TraceFile.open(folder.path(name)).forEachChange {
                if $0.words[0] != UInt64($0.signal) { wrong += 1 }
            }
            #expect(wrong == 0 && extent.changes == 20_000)
        }
        #expect(Set((0..<20_000).map { VCDText.code($0) }).count == 20_000)
    }

    @Test func lz4BlocksAreUnpacked() throws {
        // Literals "abc", a copy of 8 from 3 back, literals "z".
        let block: [UInt8] = [0x34, 0x61, 0x62, 0x63, 3, 0, 0x10, 0x7A]
        #expect(try unpack(block, 12) == Array("abcabcabcabz".utf8))
        for (bad, count) in [(block, 11), (block, 13), (Array(block.prefix(5)), 12), ([0x34, 1, 2, 3, 4, 0], 11)] {
            #expect(throws: Malformed.self) { try unpack(bad, count) }
        }
        // A length of 15 + 255 + 4 in two further bytes.
        let long = [0xF0, 255, 4] + [UInt8](repeating: 7, count: 274)
        #expect(try unpack(long, 274) == [UInt8](repeating: 7, count: 274))
    }

    private func unpack(_ block: [UInt8], _ count: Int) throws -> [UInt8] {
        let store = try ByteStore(count: count)
        try block.withUnsafeBufferPointer { try LZ4Block.decompress($0, into: store.target) }
        return Array(store.target)
    }
}
