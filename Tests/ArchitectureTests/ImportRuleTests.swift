import Foundation
import TestSupport
import Testing

/// Do the targets import only what the architecture allows?
@Suite struct ImportRuleTests {
    /// Targets and the modules that their files import.
    static func imports() throws -> [String: Set<String>] {
        let sources = Repository.root.appendingPathComponent("Sources")
        var result: [String: Set<String>] = [:]
        for target in try FileManager.default.contentsOfDirectory(atPath: sources.path) {
            let folder = sources.appendingPathComponent(target)
            let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
            while let file = files?.nextObject() as? URL {
                guard file.pathExtension == "swift" else { continue }
                let text = try String(contentsOf: file, encoding: .utf8)
                for line in text.split(separator: "\n") {
                    let words = line.split(separator: " ")
                    guard let place = words.firstIndex(of: "import"), place + 1 < words.count,
                        words[..<place].allSatisfy({ $0.hasPrefix("@") || ["public", "internal"].contains($0) })
                    else { continue }
                    // Planted faults may stand anywhere: MutantTests look after them.
                    let module = String(words[place + 1].prefix { $0 != "." })
                    if module != "Mutants" { result[target, default: []].insert(module) }
                }
            }
        }
        return result
    }

    /// Targets and what they depend on, as Package.swift says.
    static func dependencies() throws -> [String: Set<String>] {
        let text = try String(contentsOf: Repository.root.appendingPathComponent("Package.swift"), encoding: .utf8)
        var result: [String: Set<String>] = [:]
        for part in text.split(separator: "arget(").dropFirst() {
            guard let head = part.firstRange(of: "name: \"") else { continue }
            let name = String(part[head.upperBound...].prefix { $0 != "\"" })
            var found: Set<String> = []
            if let list = part.firstRange(of: "dependencies: [") {
                var depth = 1
                let body = part[list.upperBound...].prefix { character in
                    depth += character == "[" ? 1 : character == "]" ? -1 : 0
                    return depth > 0
                }
                let strings = body.split(separator: "\"", omittingEmptySubsequences: false)
                for index in stride(from: 1, to: strings.count, by: 2) { found.insert(String(strings[index])) }
            }
            result[name] = found
        }
        return result
    }

    /// Modules that a target may not see, and why.
    static let forbidden: [(target: String, modules: Set<String>)] = [
        // The leaves.
        ("Diagnostics", ["Support", "Networks"]),
        ("Support", ["Diagnostics", "Networks"]),
        // The kernel runs any Design and is not told who watches.
        ("Kernel", ["Networks", "Schedule", "Waveforms", "Energy", "Observation", "Accelerator", "RTLEmitter"]),
        // So do the streams, in which it is found out what data and control are.
        ("Streams", ["Networks", "Schedule", "Waveforms", "Observation", "Accelerator", "RTLEmitter"]),
        // Text and kernel are two readings of one Design; running outside tools is another room's work.
        ("RTLEmitter", ["Kernel", "Networks", "Schedule", "Cosimulation"]),
        // The oracle shares nothing with what it judges.
        ("ReferenceModel", ["Fabric", "Schedule", "Design", "Accelerator", "Kernel", "Host"]),
        // A generator of hardware knows no network.
        ("Accelerator", ["Networks", "Schedule", "Kernel"]),
        ("Design", ["Accelerator", "Kernel", "Networks", "Schedule"]),
        ("Networks", ["Fabric", "Design", "Accelerator", "Schedule", "Kernel"]),
        ("Waveforms", ["Design", "Kernel", "Accelerator"]),
        // What runs is told values, not keys of a configuration; the flows join them.
        ("Machine", ["Configuration", "Preparation", "Reports", "Cosimulation"]),
        ("Cosimulation", ["Configuration", "Preparation", "Reports"]),
        ("Configuration", ["Machine", "Kernel", "Schedule", "Design"]),
        ("Preparation", ["Reports", "Flows"]),
        ("Reports", ["Flows", "Kernel", "Cosimulation"]),
    ]

    /// Package.swift lists the rooms from the ground up: each depends on those above it in the list only, so that the
    /// order in which they are read is the order in which they can be understood.
    @Test func targetsDependOnThoseListedBefore() throws {
        let text = try String(contentsOf: Repository.root.appendingPathComponent("Package.swift"), encoding: .utf8)
        let names = text.matches(of: /arget\(\s*name: "(\w+)"/).map { String($0.output.1) }
        let dependencies = try Self.dependencies()
        #expect(names.count > 20)
        for (index, name) in names.enumerated() {
            let later = dependencies[name, default: []].intersection(names[index...])
            #expect(later.isEmpty, "\(name) depends on \(later.sorted()), listed after it")
        }
    }

    /// Who may call the oracle: the flow that judges. What it judges must not.
    @Test func onlyFlowsSeeTheOracle() throws {
        for arrows in [try Self.imports(), try Self.dependencies()] {
            let users = arrows.filter { $0.value.contains("ReferenceModel") && !$0.key.hasSuffix("Tests") }.map {
                $0.key
            }
            #expect(users == ["Flows"])
        }
    }

    @Test func forbiddenArrows() throws {
        for (source, arrows) in [("import", try Self.imports()), ("Package.swift", try Self.dependencies())] {
            for (target, modules) in Self.forbidden {
                let broken = arrows[target, default: []].intersection(modules)
                #expect(broken.isEmpty, "\(source): \(target) -> \(broken.sorted())")
            }
        }
    }

    @Test func nobodyImportsTheProgram() throws {
        for (target, modules) in try Self.imports() { #expect(!modules.contains("shiftsim"), "\(target)") }
    }

    @Test(arguments: [("Yams", "Configuration"), ("SwiftProtobuf", "NetworkReaders"), ("ArgumentParser", "shiftsim")])
    func outsidePackagesHaveOneUser(module: String, user: String) throws {
        for arrows in [try Self.imports(), try Self.dependencies()] {
            let users = arrows.filter { $0.value.contains(module) && !$0.key.hasSuffix("Tests") }.map { $0.key }
            #expect(users == [user], "\(module)")
        }
    }

    /// What is imported is declared: no target leans on another's dependency.
    @Test func importsAreDeclared() throws {
        let declared = try Self.dependencies()
        let targets = Set(declared.keys)
        #expect(targets.isSuperset(of: ["Kernel", "Flows", "shiftsim"]))
        for (target, modules) in try Self.imports() {
            let missing = modules.intersection(targets).subtracting(declared[target, default: []])
            #expect(missing.isEmpty, "\(target) imports \(missing.sorted()), which it does not declare")
        }
    }
}
