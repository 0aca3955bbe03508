// Declarations and values that make traces hard to read, each in the smallest file that has it.

import Foundation
import TestSupport
import Testing

@testable import Waveforms

/// A small VCD with something odd in it, and what any reader must find.
struct OddTrace: Sendable, CustomTestStringConvertible {
    let name: String
    let declarations: [String]
    /// The changes behind the declarations; the last line has no line feed.
    let changes: String
    /// The lines of a dump, in the order of the file.
    let dump: [String]
    /// A replacement in `changes` that makes another trace, and the label and time of the first difference.
    let fault: (old: String, new: String, label: String, time: UInt64)
    /// What GTKWave's vcd2fst changes, so that its files cannot be compared.
    var isLostByVcd2fst = false

    var testDescription: String { name }

    var text: String {
        (["$timescale 1 ns $end"] + declarations + ["$enddefinitions $end", changes]).joined(separator: "\n")
    }

    /// The same trace with its fault.
    var faulty: String { text.replacing(fault.old, with: fault.new) }

    private static func scope(_ name: String, _ content: [String]) -> [String] {
        ["$scope module \(name) $end"] + content + ["$upscope $end"]
    }

    static let all: [OddTrace] = [
        OddTrace(
            name: "split bus",
            declarations: scope("t", ["$var wire 4 ! bus [7:4] $end", "$var wire 4 \" bus [3:0] $end"]),
            changes: "#0\nb1 !\nb10 \"\n#5\nb11 \"\n#9\n",
            dump: ["0 t.bus[7:4] 0x1", "0 t.bus[3:0] 0x2", "5 t.bus[3:0] 0x3"],
            fault: ("b11 \"", "b111 \"", "t.bus[3:0]", 5)),
        OddTrace(
            name: "bits one by one",
            declarations: scope("t", ["$var wire 1 ! c [0] $end", "$var wire 1 \" c [1] $end"]),
            changes: "#0\n0!\n1\"\n#5\n0\"\n#9\n", dump: ["0 t.c[0] 0", "0 t.c[1] 1", "5 t.c[1] 0"],
            fault: ("#5\n0\"", "#5\n0!", "t.c[1]", 5)),
        OddTrace(
            name: "dotted name and scope",
            declarations: scope(
                "t", scope("a", ["$var wire 1 ! b $end"]) + ["$var wire 1 \" a.b $end"]),
            changes: "#0\n0!\n1\"\n#5\n1!\n#9\n", dump: ["0 t.a.b 0", "0 t.a\\.b 1", "5 t.a.b 1"],
            fault: ("#5\n1!", "#5\n0\"", "t.a.b", 5)),
        OddTrace(
            name: "scope declared twice",
            declarations: scope(
                "t", scope("s", ["$var wire 2 ! v [1:0] $end"]) + scope("s", ["$var wire 2 \" v [1:0] $end"])),
            changes: "#0\nb1 !\nb10 \"\n#5\nb11 \"\n#9\n",
            dump: ["0 t.s.v[1:0] 0x1", "0 t.s.v[1:0]#2 0x2", "5 t.s.v[1:0]#2 0x3"],
            fault: ("b11 \"", "b0 \"", "t.s.v[1:0]#2", 5)),
        OddTrace(
            name: "one name twice in a scope",
            declarations: scope("t", ["$var wire 1 ! v $end", "$var reg 1 \" v $end"]),
            changes: "#0\n0!\n1\"\n#5\n0\"\n#9\n", dump: ["0 t.v 0", "0 t.v#2 1", "5 t.v#2 0"],
            fault: ("#5\n0\"", "#5\n1!", "t.v", 5)),
        OddTrace(
            name: "alias of another width",
            declarations: scope(
                "t", ["$var wire 4 ! v [3:0] $end", "$var wire 6 ! wide [5:0] $end", "$var wire 2 ! low [1:0] $end"]),
            changes: "#0\nb1010 !\n#5\nbz001 !\n#9\n",
            dump: [
                "0 t.v 0xa", "0 t.wide 0x0a", "0 t.low 0x2", "5 t.v 0bz001", "5 t.wide 0bzzz001", "5 t.low 0x1",
            ], fault: ("bz001", "bx001", "t.v", 5), isLostByVcd2fst: true),
        OddTrace(
            name: "alias",
            declarations: scope("t", ["$var wire 4 ! v [3:0] $end"] + scope("u", ["$var wire 4 ! w [3:0] $end"])),
            changes: "#0\nb1010 !\n#5\nb1 !\n#9\n",
            dump: ["0 t.v 0xa", "0 t.u.w 0xa", "5 t.v 0x1", "5 t.u.w 0x1"], fault: ("b1 !", "b0 !", "t.u.w", 5)),
        OddTrace(
            name: "no bits", declarations: ["$var wire 0 ! none $end", "$var wire 1 \" clk $end"],
            changes: "#0\nb !\nb0 \"\n#5\nb1 \"\n#9\n", dump: ["0 clk 0", "5 clk 1"],
            fault: ("b1 \"", "b0 \"", "clk", 5), isLostByVcd2fst: true),
        OddTrace(
            name: "escaped names",
            declarations: scope("t", ["$var wire 1 ! \\a[3].x $end", "$var wire 1 \" \\bus[7:0] $end"]),
            changes: "#0\n0!\n1\"\n#5\n1!\n#9\n", dump: ["0 t.\\a[3].x 0", "0 t.\\bus[7:0] 1", "5 t.\\a[3].x 1"],
            fault: ("#5\n1!", "#5\n0\"", "t.\\a[3].x", 5)),
        OddTrace(
            name: "strings", declarations: scope("t", ["$var string 1 ! state $end"]),
            changes: "#0\nsIDLE !\n#5\ns !\n#6\nsa\\040b\\\\\\303\\251 !\n#9\n",
            dump: ["0 t.state IDLE", "5 t.state \"\"", "6 t.state a\\040b\\\\\\303\\251"],
            fault: ("sa\\040b", "sa\\040c", "t.state", 6)),
        OddTrace(
            name: "reals", declarations: scope("t", ["$var real 64 ! r $end"]),
            changes: "#0\nr0.1 !\n#5\nr-1e300 !\n#6\nr0.30000000000000004 !\n#9\n",
            dump: ["0 t.r 0.1", "5 t.r -1e+300", "6 t.r 0.30000000000000004"],
            fault: ("r0.30000000000000004", "r0.3", "t.r", 6)),
        OddTrace(
            name: "x and z", declarations: scope("t", ["$var wire 1 ! b $end", "$var wire 70 \" w [69:0] $end"]),
            changes: "#0\nx!\nbz \"\n#5\nz!\nb1x0z \"\n#6\n1!\nbx1 \"\n#9\n",
            dump: [
                "0 t.b x", "0 t.w 0b" + String(repeating: "z", count: 70), "5 t.b z",
                "5 t.w 0b" + String(repeating: "0", count: 66) + "1x0z", "6 t.b 1",
                "6 t.w 0b" + String(repeating: "x", count: 69) + "1",
            ], fault: ("b1x0z", "b1z0x", "t.w", 5)),
        OddTrace(
            name: "never a value",
            declarations: scope(
                "t",
                ["$var wire 4 ! v [3:0] $end", "$var real 64 \" r $end", "$var string 1 # s $end"]
                    + ["$var wire 1 $ late $end"]),
            changes: "#0\n#5\n1$\n#9\n", dump: ["5 t.late 1"], fault: ("#5\n1$", "#5\nb0 !\n1$", "t.v", 5)),
        OddTrace(
            name: "events", declarations: scope("t", ["$var event 1 ! e $end", "$var wire 1 \" b $end"]),
            changes: "#2\n0\"\n1!\n#5\n1!\n#7\n1\"\n#9\n", dump: ["2 t.b 0", "2 t.e 1", "5 t.e 1", "7 t.b 1"],
            fault: ("#7\n1\"", "#7\n1\"\n1!", "t.e", 7)),
        OddTrace(
            name: "ranges that go up and below zero",
            declarations: scope("t", ["$var wire 4 ! u [0:3] $end", "$var wire 4 \" n[-1:-4] $end"]),
            changes: "#0\nb1 !\nb10 \"\n#5\nb11 !\n#9\n", dump: ["0 t.u 0x1", "0 t.n 0x2", "5 t.u 0x3"],
            fault: ("b11 !", "b1 \"", "t.u", 5)),
    ]
}

/// The forms in which a trace can be on disk.
enum TraceForm: String, CaseIterable, Sendable {
    case vcd, byteOrderMark, noLineFeed, compressedVCD, fst, compressedFST, wrappedFST, vcd2fst, fstAndBack, gzAndBack

    /// Puts a VCD's content into a file of this form; nil where the tool for it is missing or loses something.
    func make(_ text: String, of trace: OddTrace, _ name: String, in folder: Scratch) throws -> TraceFile? {
        let plain = try folder.file("\(name).vcd", text.utf8)
        func converted(_ ending: String) throws -> String {
            let path = folder.path("\(name).\(ending)")
            _ = try TraceConverter().convert(TraceFile.open(plain), to: path)
            return path
        }
        switch self {
        case .vcd: return try TraceFile.open(plain)
        case .byteOrderMark: return try TraceFile.open(folder.file("\(name)-bom.vcd", [0xEF, 0xBB, 0xBF] + text.utf8))
        case .noLineFeed:
            // The time at the end may go on; a value behind it does not.
            let last = text.utf8.dropLast() + Array(" $end".utf8)
            return try TraceFile.open(folder.file("\(name)-cut.vcd", last))
        case .compressedVCD: return try TraceFile.open(folder.file("\(name).vcd.gz", Self.gzip(Array(text.utf8))))
        case .fst: return try TraceFile.open(converted("fst"))
        case .compressedFST: return try TraceFile.open(folder.file("\(name)2.fst", Self.gzip(bytes(converted("fst")))))
        case .wrappedFST:
            return try TraceFile.open(folder.file("\(name)3.fst", Self.wrap(bytes(converted("fst")))))
        case .vcd2fst:
            guard let tool = Tools.vcd2fst, !trace.isLostByVcd2fst else { return nil }
            let path = folder.path("\(name)4.fst")
            _ = try Tools.run(tool, [plain, path])
            return try TraceFile.open(path)
        case .fstAndBack, .gzAndBack:
            let path = folder.path("\(name)5.vcd" + (self == .gzAndBack ? ".gz" : ""))
            _ = try TraceConverter().convert(TraceFile.open(converted("fst")), to: path)
            return try TraceFile.open(path)
        }
    }

    private func bytes(_ path: String) throws -> [UInt8] { try Array(Data(contentsOf: URL(fileURLWithPath: path))) }

    static func gzip(_ bytes: [UInt8]) -> [UInt8] {
        var packed = ByteBuffer()
        _ = bytes.withUnsafeBufferPointer { Deflater(level: 6, container: .gzip).compress($0, into: &packed) }
        return Array(packed.bytes)
    }

    /// The wrapper block of the format: type 254, its length, the unpacked length, a gzip member.
    static func wrap(_ bytes: [UInt8]) -> [UInt8] {
        let packed = gzip(bytes)
        var head = ByteBuffer()
        head.append(FSTLayout.Block.wrapper.rawValue)
        head.append(bigEndian: UInt64(16 + packed.count))
        head.append(bigEndian: UInt64(bytes.count))
        return Array(head.bytes) + packed
    }
}
