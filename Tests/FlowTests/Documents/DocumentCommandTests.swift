import Foundation
import TestSupport
import Testing

/// Does a page's command do what the page says, typed as it stands?
///
/// Blocks marked `sh` are typed line by line in a folder that looks like a built clone, a page's blocks in order. A block
/// marked `yaml` whose first line is `# NAME.yaml` is that file. A comment `# exit N` behind a command names the exit
/// status that it ends with.
@Suite struct DocumentCommandTests {
    @Test(arguments: DocumentPage.all) func commandsWork(_ name: String) throws {
        let page = try DocumentPage(name)
        guard page.commandCount > 0 else { return }
        let clone = try Clone(program: try #require(Program.executable))
        for block in page.blocks {
            if block.language == "yaml" {
                try write(block, in: clone)
                continue
            }
            guard block.language == "sh" else { continue }
            for command in page.commands(of: block) {
                let expected = command.firstMatch(of: /# exit ([0-9]+)/).flatMap { Int32($0.1) } ?? 0
                let (code, output) = try clone.run(command)
                #expect(code == expected, "\(name), block at line \(block.line): \(command)\n\(output)")
            }
        }
    }

    private func write(_ block: DocumentPage.Block, in clone: Clone) throws {
        guard let first = block.text.first, let match = first.wholeMatch(of: /# ([\w\/.-]+\.yaml)/) else { return }
        try clone.folder.write(String(match.1), block.text.joined(separator: "\n") + "\n")
    }

    /// The pages that lead a reader by commands have some.
    @Test(arguments: [
        "README.md", "traces/README.md", "docs/guide/OneTileWalkedThrough.md", "docs/guide/SizeAnArray.md",
        "docs/guide/DPUSizedDesign.md",
    ])
    func howToPagesHaveCommands(_ name: String) throws {
        #expect(try DocumentPage(name).commandCount > 0)
    }

    /// Every block says what it is, so that none escapes the tests for want of a word.
    @Test(arguments: DocumentPage.all) func blocksSayWhatTheyAre(_ name: String) throws {
        for block in try DocumentPage(name).blocks {
            #expect(
                ["sh", "yaml", "json", "text", "swift"].contains(block.language),
                "\(name):\(block.line - 1): '\(block.language)'")
        }
    }

    /// The sample waveform is what its page's command records.
    @Test func sampleTraceIsCurrent() throws {
        let clone = try Clone(program: try #require(Program.executable))
        let simulate = "shiftsim simulate configs/tiny-svpe.yaml --trace new.fst --window 0:600 --quiet"
        #expect(try clone.run(simulate).code == 0)
        let (code, output) = try clone.run("shiftsim trace diff traces/tiny-svpe.fst new.fst")
        #expect(code == 0, "\(output)")
        #expect(try Data(contentsOf: clone.folder.url.appendingPathComponent("new.fst")).count < 200_000)
    }
}
