// All commands, with what they write and how each can fail late: the walks of this folder go over them.

import Foundation
import TestSupport
import Testing

/// One use of a command.
struct Command: Sendable, CustomTestStringConvertible {
    /// Words; TARGET stands for the place that is written.
    var words: String
    /// What TARGET is; nil for a command that writes no file.
    var target: String?
    /// Further words with which the command fails after it has looked at the target, and the status.
    var failure: (words: String, code: Int32)?
    /// Further words that change what is written.
    var change = ""
    /// Whether standard output gets something.
    var answers = true
    /// How files begin whose bytes differ from run to run: they hold times, were cut by the clock, or other
    /// programs built them.
    var timed: [String] = []

    var testDescription: String { words }
    var isFolder: Bool { target.map { !$0.contains(".") } ?? false }

    func arguments(_ more: String = "", target other: String? = nil) -> [String] {
        (words + " " + more).split(separator: " ").map { $0 == "TARGET" ? other ?? target ?? "" : String($0) }
    }

    static let tooLarge = "--set buffers.ofmap_kib=4096 --set array.outputs=64"

    /// Those that write files.
    static let writing = [
        Command(
            words: "simulate tiny.yaml --quiet -o TARGET", target: "out",
            failure: (tooLarge, 3), change: "--set array.outputs=4", timed: ["report.json", "report.txt"]),
        Command(
            words: "simulate tiny.yaml --quiet -o TARGET --set trace.file=run.fst", target: "out",
            failure: ("--window 999999:9999999", 2), change: "--set array.outputs=4",
            timed: ["report.json", "report.txt", "run.fst"]),
        Command(
            words: "simulate tiny.yaml --quiet --trace TARGET", target: "run.fst",
            failure: ("--window 999999:9999999", 2), change: "--window 0:99"),
        Command(
            words: "simulate tiny.yaml --quiet --saif TARGET", target: "run.saif",
            failure: ("--window 999999:9999999", 2), change: "--window 0:99"),
        Command(
            words: "sweep sweep.yaml --quiet --jobs 1 -o TARGET", target: "out", failure: nil, change: ""),
        Command(
            words: "quantize tiny -o TARGET", target: "model.onnx", failure: ("--calibrate cut.png", 2),
            change: "--weight-bits 2"),
        Command(
            words: "emit-rtl tiny.yaml -o TARGET", target: "out", failure: (tooLarge, 3),
            change: "--set array.outputs=4", answers: false),
        Command(
            words: "cosim tiny.yaml --cycles 20 --keep TARGET", target: "out", failure: (tooLarge, 3),
            change: "--set array.outputs=4", timed: ["verilator"]),
        Command(
            words: "trace convert old.fst TARGET", target: "new.vcd", failure: nil, change: "--taps *.clk",
            answers: false),
        Command(
            words: "trace convert old.fst TARGET", target: "new.saif", failure: nil, change: "--taps *.clk",
            answers: false),
    ]

    /// Those that only read.
    static let reading = [
        Command(words: "simulate tiny.yaml --quiet --json"), Command(words: "simulate --help"),
        Command(words: "estimate tiny.yaml"), Command(words: "estimate tiny.yaml --json"),
        Command(words: "schedule tiny.yaml"), Command(words: "schedule tiny.yaml --layer conv1 --json"),
        Command(words: "sweep sweep.yaml --quiet --jobs 1 --json"), Command(words: "networks"),
        Command(words: "networks densenet121"), Command(words: "networks resnet50 --json"),
        Command(words: "trace info old.fst --signals"), Command(words: "trace dump old.fst"),
        Command(words: "trace diff old.fst old.fst"), Command(words: "trace stats old.fst"),
        Command(words: "trace find old.fst 1"), Command(words: "doctor"), Command(words: "--help"),
        Command(words: "energy-table"), Command(words: "energy-table tiny.yaml --json"),
        Command(words: "help sweep"), Command(words: "--version"),
    ]

    /// Those that write, and whose tools are installed here.
    static var runnable: [Command] { writing.filter { !$0.words.hasPrefix("cosim") || Tools.hasVerilator } }

    /// The files that the commands read.
    static func workplace() throws -> Scratch {
        let workplace = try Scratch()
        try workplace.write("tiny.yaml", Texts.tiny)
        try workplace.write("sweep.yaml", Texts.sweep)
        try workplace.write("cut.png", "no picture")
        try FileManager.default.copyItem(
            atPath: Repository.path("traces/tiny-svpe.fst"), toPath: workplace.path("old.fst"))
        return workplace
    }
}

/// What is at a path: every file below it with its bytes, or the one file.
struct Snapshot: Equatable {
    var files: [String: Data] = [:]

    init() {}

    init(_ path: String, without timed: [String] = []) {
        let manager = FileManager.default
        var isFolder: ObjCBool = false
        guard manager.fileExists(atPath: path, isDirectory: &isFolder) else { return }
        guard isFolder.boolValue else {
            files[""] = manager.contents(atPath: path)
            return
        }
        for case let name as String in manager.enumerator(atPath: path)! {
            guard manager.fileExists(atPath: "\(path)/\(name)", isDirectory: &isFolder), !isFolder.boolValue else {
                continue
            }
            files[name] = timed.contains { name.hasPrefix($0) } ? Data() : manager.contents(atPath: "\(path)/\(name)")
        }
    }
}

extension Scratch {
    /// Hidden names in the folder: what a run must not leave.
    func hidden() throws -> [String] { try contents().filter { $0.hasPrefix(".") } }
}
