import Foundation
import TestSupport
import Testing

/// Is every file that a page, a comment or a script names a file of the repository?
@Suite struct RepositoryReferenceTests {
    /// Names that are right although no such file is here, and why.
    static let elsewhere: [String: String] = [
        // Written by `shiftsim`.
        "layers.csv": "simulate -o", "RUNS/CONFIG/layers.csv": "simulate -o", "config.resolved.yaml": "simulate -o",
        "sweep.csv": "sweep -o", "pareto.csv": "sweep -o", "table.md": "what a reader calls the output of a script",
        "energy.csv": "simulate -o",
        // Stand for any file.
        "mine.csv": "any table of energies", "TRAIN.csv": "any measured designs", "OTHER.csv": "any measured designs",
        "FILE.csv": "any measured designs", "a.csv": "test_energy_calibration", "b-*.yaml": "configs/papers",
        "configs/papers/NAME.yaml": "any configuration", "data/energy/powergear-train.csv": "beside the repository",
        "config.yaml": "any configuration", "file.yaml": "any configuration",
        "configs/CONFIG.yaml": "any configuration", "accuracy.yaml": "made by accuracy_table",
        "NAME.yaml": "any configuration",
        "CONFIG.yaml": "any training", "TABLE.md": "measure of training", "metrics.csv": "a training run",
        "DIR/front.csv": "codesign", "front.csv": "codesign", "simulation.yaml": "measure of training",
        "simulation/layers.csv": "simulate -o",
        // Made by the reader of a page, or by a test.
        "out/training/tiny.md": "docs/guide/Train.md", "run.yaml": "tests of training", "t.md": "tests of training",
        "front/front.csv": "tests of training", "nowhere.yaml": "tests of training",
        "out/mine.yaml": "docs/guide/SizeAnArray.md", "out/mine-sizes.yaml": "docs/guide/SizeAnArray.md",
        "mine.yaml": "docs/guide/SizeAnArray.md", "out/sizes/sweep.csv": "docs/guide/SizeAnArray.md",
        "base.yaml": "mutated_inputs", "sweep.yaml": "mutated_inputs",
        "out/dpu/layers.csv": "docs/guide/DPUSizedDesign.md",
        "out/dpu-clocks/sweep.csv": "docs/guide/DPUSizedDesign.md",
        // Of other projects.
        "lz4_Block_format.md": "LZ4", "nnUtils.py": "papcjy/n-BQ-NN",
    ]

    /// Kinds of files whose names are looked for.
    static let kinds = [".swift", ".md", ".py", ".yaml", ".csv"]

    /// Folders that hold nothing of the repository, wherever they are.
    static let skipped: Set<String> = ["out", "__pycache__"]

    /// Paths of all files from the root, hidden folders but `.ci` left out.
    static func files() throws -> [String] {
        let root = Repository.root.path
        let walk = try #require(FileManager.default.enumerator(atPath: root))
        var result: [String] = []
        while let path = walk.nextObject() as? String {
            let name = (path as NSString).lastPathComponent
            let isFolder = walk.fileAttributes?[.type] as? FileAttributeType == .typeDirectory
            if isFolder, skipped.contains(name) || (name.hasPrefix(".") && name != ".ci") {
                walk.skipDescendants()
            } else if !isFolder {
                result.append(path)
            }
        }
        return result
    }

    /// What of a file's line is read: of Swift the comments, of all else the whole.
    static func text(of line: Substring, in path: String) -> Substring {
        guard path.hasSuffix(".swift") else { return line }
        // The slashes of an address are no comment.
        var rest = line
        while let found = rest.range(of: "//") {
            if found.lowerBound == line.startIndex || line[line.index(before: found.lowerBound)] != ":" {
                return line[found.lowerBound...]
            }
            rest = rest[found.upperBound...]
        }
        return ""
    }

    /// Pages, sources, configurations and scripts; not what protoc made.
    static func isRead(_ path: String) -> Bool {
        let hasKind = (path as NSString).lastPathComponent.contains(".")
        let isScript = (path.hasPrefix("scripts/") || path.hasPrefix(".ci/")) && !hasKind
        let isText = kinds.contains(where: path.hasSuffix) && !path.hasSuffix(".csv")
        return !path.hasSuffix("onnx.pb.swift") && (isText || isScript)
    }

    /// Names of files in a text, without what leads out of a folder.
    static func names(in text: Substring) -> [String] {
        // Few lines name a file, and a search for text is much faster than one for a pattern.
        guard kinds.contains(where: { text.range(of: $0, options: .literal) != nil }) else { return [] }
        let name = /[A-Za-z0-9_+.*\/\-]*[A-Za-z0-9_+*\-]\.(?:md|csv|py|swift|yaml)(?![A-Za-z0-9_])/
        return text.matches(of: name).map { match in
            var named = match.output
            while named.hasPrefix("../") || named.hasPrefix("/") { named = named.drop { $0 != "/" }.dropFirst() }
            return String(named)
        }
    }

    /// Names in a text that are the end of no path in `paths`.
    static func missing(in text: Substring, paths: [String]) -> [String] {
        names(in: text).filter { named in !paths.contains { ends($0, with: named) } }
    }

    /// Whether `named` is `path` or its last components; a star stands for any text.
    static func ends(_ path: String, with named: String) -> Bool {
        guard named.contains("*") else { return path == named || path.hasSuffix("/\(named)") }
        let parts = named.split(separator: "*", omittingEmptySubsequences: false)
        return path.hasPrefix(parts[0]) && path.hasSuffix(parts[parts.count - 1])
    }

    @Test func namedFilesExist() throws {
        let paths = try Self.files()
        let texts = paths.filter(Self.isRead)
        #expect(texts.count > 200)
        var used: Set<String> = []
        for path in texts {
            let content = try String(contentsOf: Repository.root.appendingPathComponent(path), encoding: .utf8)
            for (index, line) in content.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                let missing = Set(Self.missing(in: Self.text(of: line, in: path), paths: paths))
                used.formUnion(missing)
                let wrong = missing.subtracting(Self.elsewhere.keys)
                #expect(wrong.isEmpty, "\(path):\(index + 1) names \(wrong.sorted())")
            }
        }
        let unused = Set(Self.elsewhere.keys).subtracting(used)
        #expect(unused.isEmpty, "exceptions that nothing needs: \(unused.sorted())")
    }

    /// Names are found where they are in a comment, and not where they are an address.
    @Test func findsNames() {
        let gone = "docs/nowhere" + ".md"
        let line: Substring = "let a = 1  // as \(gone) says, and ../\(gone) too; README.md has more"
        #expect(Self.missing(in: Self.text(of: line, in: "a.swift"), paths: ["README.md"]) == [gone, gone])
        #expect(Self.text(of: "let a = \"https://x.org/\(gone)\"", in: "a.swift").isEmpty)
        #expect(Self.missing(in: "Sources/*.swift", paths: ["Sources/A/B.swift"]).isEmpty)
        #expect(Self.missing(in: "Sources/*.swift", paths: ["Tests/B.swift"]) == ["Sources/*.swift"])
    }
}
