import Configuration
import Diagnostics
import Foundation
import NetworkReaders
import Networks
import Output
import Quantizer
import TestSupport
import Testing

@testable import Preparation

/// Does a network that an earlier run quantized change nothing but the time?
@Suite struct NetworkStoreTests {
    private func configuration(_ workplace: Scratch, _ changes: [String] = []) throws -> Configuration {
        try workplace.write("tiny.yaml", Texts.tiny)
        return try Configuration.load(
            path: workplace.path("tiny.yaml"), assignments: changes.map { ConfigAssignment(workplace.absolute($0)) })
    }

    private func store(_ workplace: Scratch) throws -> NetworkStore {
        try NetworkStore(environment: [NetworkStore.variable: workplace.path("kept")])
    }

    private func prepare(_ configuration: Configuration, _ store: NetworkStore?) throws -> PreparedNetwork {
        try PreparedNetwork.prepare(configuration.network, configuration.quantization, store: store)
    }

    private func expectSame(_ found: PreparedNetwork, _ expected: PreparedNetwork, _ what: Comment) {
        #expect(found.quantized == expected.quantized, what)
        #expect(found.quantization == expected.quantization, what)
        #expect(found.inputs == expected.inputs && found.images == expected.images, what)
        #expect(found.fingerprint == expected.fingerprint && found.metadata == expected.metadata, what)
        #expect(found.pixels == expected.pixels && found.calibrationImages == expected.calibrationImages, what)
    }

    /// Names of the kept files.
    private func files(_ workplace: Scratch) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: workplace.path("kept")).sorted()
    }

    // MARK: what is kept

    /// A store that all settings share, each asked twice: none gets the network of another.
    @Test func everySettingHasItsOwnNetwork() throws {
        let workplace = try Scratch()
        let network = try BuiltInNetworks.make(name: "tiny", weights: .synthetic(seed: 3))
        try workplace.file("tiny.onnx", try ONNXWriter.data(network))
        try NpyWriter.write(
            NpyArray(shape: [12, 3, 8, 8], elements: .uint8((0..<2304).map { UInt8(truncatingIfNeeded: $0 * 7) })),
            to: workplace.path("images.npy"))
        let kept = try store(workplace)
        let cases = ConfigKeyTests.network + ConfigKeyTests.quantization
        let changes = cases.filter { !$0.key.hasSuffix(".labels") && $0.key != "network.weights" }
            .map { $0.companions + ["\($0.key)=\($0.value)"] }
        for change in [[]] + changes {
            let configuration = try configuration(workplace, change)
            let expected = try prepare(configuration, nil)
            for _ in 0..<2 { expectSame(try prepare(configuration, kept), expected, "\(change)") }
        }
        #expect(try files(workplace).count > 15)
    }

    /// What a run takes is what stands in the file, not what it would quantize itself.
    @Test func anEarlierNetworkIsTaken() throws {
        let workplace = try Scratch()
        let (configuration, kept) = (try configuration(workplace), try store(workplace))
        let whole = try prepare(configuration, kept)
        let (folder, key, data) = try network(workplace)
        let forged = try #require(
            StoredFile.open(data, key: key) { bytes in
                var (network, report) = try QuantizedNetworkBytes.decode(bytes)
                network.name = "forged"
                report.network = "forged"
                return try QuantizedNetworkBytes.encode(network, report)
            })
        StoredFile.keep(forged, in: folder, as: key)
        #expect(try prepare(configuration, kept).quantized.name == "forged")
        // Whoever opts out neither takes nor keeps.
        let alone = try self.configuration(workplace, ["quantization.cache=false"])
        #expect(try prepare(alone, kept).quantized == whole.quantized)
        let before = try files(workplace)
        _ = try prepare(self.configuration(workplace, ["quantization.cache=false", "network.seed=77"]), kept)
        #expect(try files(workplace) == before)
    }

    /// The one network that was kept, which is larger than its header.
    private func network(_ workplace: Scratch) throws -> (CacheFolder, key: String, Data) {
        let folder = CacheFolder(
            workplace.path("kept"), mostBytes: NetworkStore.mostBytes, ending: NetworkStore.ending)
        let keys = try files(workplace).map { String($0.dropLast(NetworkStore.ending.count)) }
        let largest = try #require(keys.max { (folder.read($0)?.count ?? 0) < (folder.read($1)?.count ?? 0) })
        return (folder, largest, try #require(folder.read(largest)))
    }

    // MARK: outlines

    private func outline(_ configuration: Configuration, _ store: NetworkStore?) throws -> NetworkOutline {
        try NetworkOutline.prepare(configuration.network, configuration.quantization, store: store)
    }

    /// Outlines and whole networks of all settings in one store: none gets that of another.
    @Test func everySettingHasItsOwnOutline() throws {
        let workplace = try Scratch()
        let kept = try store(workplace)
        let settings = [
            [], ["network.seed=5"], ["quantization.weight_bits=4"], ["quantization.activation_bits=8"],
            ["quantization.scheme=fixed", "quantization.weight_bits=8", "array.weight_bits=3"],
            ["quantization.scheme=flightnn", "quantization.weight_bits=4"],
        ]
        for setting in settings {
            let configuration = try configuration(workplace, setting)
            let expected = try outline(configuration, nil)
            let whole = try prepare(configuration, nil)
            for _ in 0..<2 {
                let found = try outline(configuration, kept)
                #expect(found.quantized == expected.quantized, "\(setting)")
                #expect(found.fingerprint == expected.fingerprint, "\(setting)")
                expectSame(try prepare(configuration, kept), whole, "\(setting)")
            }
        }
        // A network, an outline and a header each but where a header serves several.
        #expect(try files(workplace).count == 2 * 6 + 2)
    }

    /// What mode `timing` takes is what stands in the file.
    @Test func anEarlierOutlineIsTaken() throws {
        let workplace = try Scratch()
        let (configuration, kept) = (try configuration(workplace), try store(workplace))
        let expected = try outline(configuration, kept)
        let (folder, key, data) = try network(workplace)
        let forged = try #require(
            StoredFile.open(data, key: key) { bytes in
                var network = try QuantizedNetworkBytes.outline(bytes)
                network.name = "forged"
                return try QuantizedNetworkBytes.bytes(ofOutline: network)
            })
        StoredFile.keep(forged, in: folder, as: key)
        #expect(try outline(configuration, kept).quantized.name == "forged")
        let alone = try self.configuration(workplace, ["quantization.cache=false"])
        #expect(try outline(alone, kept).quantized == expected.quantized)
        try data.dropLast().write(to: URL(fileURLWithPath: workplace.path("kept/\(key)\(NetworkStore.ending)")))
        #expect(try outline(configuration, kept).quantized == expected.quantized)
        #expect(folder.read(key) == data)
    }

    // MARK: what is wrong

    @Test func damagedFilesAreWrittenAgain() throws {
        let workplace = try Scratch()
        let (configuration, kept) = (try configuration(workplace), try store(workplace))
        let expected = try prepare(configuration, kept)
        let names = try files(workplace)
        #expect(names.count == 2)
        for name in names {
            let path = workplace.path("kept/\(name)")
            let whole = try Data(contentsOf: URL(fileURLWithPath: path))
            var wrong = [0, 20, 60, whole.count / 2, whole.count - 1].map { place -> Data in
                var copy = whole
                copy[place] ^= 1
                return copy
            }
            wrong += [0, 1, 29, 95, whole.count / 2, whole.count - 1].map { whole.prefix($0) }
            wrong += [whole + [0], Data("somebody else's".utf8), Data(repeating: 10, count: 500)]
            let other = try Data(
                contentsOf: URL(fileURLWithPath: workplace.path("kept/\(names.first { $0 != name }!)")))
            for damaged in wrong + [other] {
                try damaged.write(to: URL(fileURLWithPath: path))
                expectSame(try prepare(configuration, kept), expected, "\(damaged.count) of \(whole.count) bytes")
            }
            expectSame(try prepare(configuration, kept), expected, "again")
        }
    }

    @Test func aDamagedNetworkIsReplaced() throws {
        let workplace = try Scratch()
        let (configuration, kept) = (try configuration(workplace), try store(workplace))
        _ = try prepare(configuration, kept)
        let (folder, key, whole) = try network(workplace)
        try whole.dropLast().write(to: URL(fileURLWithPath: workplace.path("kept/\(key)\(NetworkStore.ending)")))
        _ = try prepare(configuration, kept)
        #expect(folder.read(key) == whole)
        #expect(try files(workplace).allSatisfy { $0.hasSuffix(NetworkStore.ending) && !$0.hasPrefix(".") })
    }

    @Test func placesThatCannotBeWrittenKeepNothing() throws {
        let workplace = try Scratch()
        let configuration = try configuration(workplace)
        let expected = try prepare(configuration, nil)
        for caches in ["/proc/none", "/dev/null"] {
            let store = try NetworkStore(environment: ["XDG_CACHE_HOME": caches])
            expectSame(try prepare(configuration, store), expected, "\(caches)")
        }
        #expect(throws: EnvironmentProblem.self) {
            try NetworkStore(environment: [NetworkStore.variable: workplace.path("tiny.yaml")])
        }
    }

    // MARK: models

    @Test func aModelIsKnownByItsBytes() throws {
        let workplace = try Scratch()
        let kept = try NetworkStore(environment: ["XDG_CACHE_HOME": workplace.path("caches")])
        var names: Set<String> = []
        for seed in [UInt64(1), 2] {
            let network = try BuiltInNetworks.make(name: "tiny", weights: .synthetic(seed: seed))
            try workplace.file("own.onnx", try ONNXWriter.data(network))
            let configuration = try configuration(workplace, ["network.model=\(workplace.path("own.onnx"))"])
            let expected = try prepare(configuration, nil)
            for _ in 0..<2 { expectSame(try prepare(configuration, kept), expected, "seed \(seed)") }
            names.formUnion(
                try FileManager.default.contentsOfDirectory(atPath: workplace.path(NetworkStore.folderName)))
        }
        #expect(names.count == 4 && !workplace.exists("caches"))
        // A word as in a model with further files: nobody knows what these hold.
        var network = try BuiltInNetworks.make(name: "tiny", weights: .synthetic(seed: 3))
        network.metadata = ["location": "elsewhere"]
        try workplace.file("own.onnx", try ONNXWriter.data(network))
        _ = try prepare(try configuration(workplace, ["network.model=\(workplace.path("own.onnx"))"]), kept)
        #expect(
            Set(try FileManager.default.contentsOfDirectory(atPath: workplace.path(NetworkStore.folderName))) == names)
    }

    /// Runs side by side all get the network, whoever writes it.
    @Test func runsSideBySideShareAFolder() throws {
        let workplace = try Scratch()
        let (configuration, kept) = (try configuration(workplace), try store(workplace))
        let expected = try prepare(configuration, nil)
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            let found = try? prepare(configuration, kept)
            #expect(found?.quantized == expected.quantized)
        }
        #expect(try files(workplace).count == 2)
    }

    // MARK: the bound

    @Test func theOldestGoFirst() throws {
        let workplace = try Scratch()
        let folder = CacheFolder(workplace.path("kept"), mostBytes: 1000, ending: ".kept")
        try workplace.write("kept/notes.txt", String(repeating: "x", count: 5000))
        func keep(_ byte: UInt8, count: Int, as name: String) {
            [UInt8](repeating: byte, count: count - 1).withUnsafeBytes { folder.keep(Data([byte]), $0, as: name) }
        }
        func age(_ name: String, _ seconds: Double) throws {
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -seconds)], ofItemAtPath: workplace.path("kept/\(name)"))
        }
        for (index, name) in ["a", "b", "c"].enumerated() {
            keep(UInt8(index), count: 300, as: name)
            try age("\(name).kept", 300 - Double(index))
        }
        try workplace.write("kept/.new-1-2.kept", "killed")
        try age(".new-1-2.kept", 7200)
        #expect(folder.read("a") == Data(repeating: 0, count: 300), "a is used now")
        keep(9, count: 300, as: "d")
        #expect(try files(workplace) == ["a.kept", "c.kept", "d.kept", "notes.txt"])
        keep(9, count: 1001, as: "huge")
        #expect(folder.read("huge") == nil && folder.read("none") == nil)
        #expect(try files(workplace).count == 4)
    }

    // MARK: the program

    @Test func theProgramSaysTheSameWithAndWithout() throws {
        let workplace = try Scratch()
        try workplace.write("tiny.yaml", Texts.tiny)
        func output(_ line: String) throws -> String {
            let result = try Program.run(["estimate", "tiny.yaml", "--json"], in: workplace, shell: line)
            #expect(result.code == 0, "\(result.errors)")
            return result.output
        }
        let cold = try output("SHIFTSIM_QUANTIZED=\"$PWD/kept\" \"$0\" \"$@\"")
        #expect(try files(workplace).count == 2)
        #expect(try output("SHIFTSIM_QUANTIZED=\"$PWD/kept\" \"$0\" \"$@\"") == cold)
        #expect(try output("HOME=/proc XDG_CACHE_HOME= SHIFTSIM_QUANTIZED= \"$0\" \"$@\"") == cold)
    }
}
