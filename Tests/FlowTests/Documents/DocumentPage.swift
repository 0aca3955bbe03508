// The fenced blocks of a page, and the folder in which its commands are tried.

import Foundation
import TestSupport

/// A page of the documentation.
struct DocumentPage {
    /// A fenced block.
    struct Block {
        /// The word behind the fence; empty without one.
        var language: String
        /// Line of the page that the text begins at.
        var line: Int
        var text: [String]
    }

    let name: String
    let blocks: [Block]

    init(_ name: String) throws {
        self.name = name
        let text = try String(contentsOfFile: Repository.path(name), encoding: .utf8)
        var blocks: [Block] = []
        var open: Block?
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.hasPrefix("```") {
                if let block = open {
                    blocks.append(block)
                    open = nil
                } else {
                    open = Block(language: String(line.dropFirst(3)), line: index + 2, text: [])
                }
            } else {
                open?.text.append(String(line))
            }
        }
        self.blocks = blocks
    }

    /// The commands that a reader can type: lines of `sh` blocks, continued ones joined, without comments.
    func commands(of block: Block) -> [String] {
        block.text.joined(separator: "\n").replacingOccurrences(of: "\\\n", with: " ")
            .split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty && !$0.hasPrefix("#") }
    }

    /// Lines of the page's `sh` blocks.
    var commandCount: Int { blocks.filter { $0.language == "sh" }.map { commands(of: $0).count }.reduce(0, +) }

    /// README and the pages for users.
    static let all: [String] = {
        let guide = (try? FileManager.default.contentsOfDirectory(atPath: Repository.path("docs/guide"))) ?? []
        return ["README.md", "CONTRIBUTING.md", "traces/README.md"]
            + guide.filter { $0.hasSuffix(".md") }.sorted().map { "docs/guide/" + $0 }
    }()
}

/// A folder that looks like a clone which `scripts/run` has built, with the program of this build.
struct Clone {
    let folder: Scratch

    init(program: URL) throws {
        folder = try Scratch()
        let files = FileManager.default
        for name in ["docs", "scripts", "Package.swift"] {
            try files.createSymbolicLink(
                atPath: folder.path(name), withDestinationPath: Repository.path(name))
        }
        // Copied, since readers add files beside the shipped ones.
        for name in ["configs", "traces"] {
            try files.copyItem(atPath: Repository.path(name), toPath: folder.path(name))
        }
        try files.createDirectory(atPath: folder.path(".build/release"), withIntermediateDirectories: true)
        try files.createSymbolicLink(
            atPath: folder.path(".build/release/shiftsim"), withDestinationPath: program.path)
    }

    /// What the shell does with a command of a page. Scripts are only looked for, since they build and test what runs
    /// here; a viewer's file is read by `trace info` instead.
    func run(_ command: String) throws -> (code: Int32, output: String) {
        var line = command
        let words = command.split(separator: " ").map(String.init)
        if let script = words.first, script.hasPrefix("scripts/") { line = "test -x \(script)" }
        if let viewer = words.first, ["gtkwave", "surfer"].contains(viewer) {
            line = ".build/release/shiftsim trace info \(words.dropFirst().joined(separator: " "))"
        }
        let path = "export PATH=\"$PWD/.build/release:$PATH\"; "
        return try Tools.run("/bin/bash", ["-c", path + line], in: folder.url)
    }
}
