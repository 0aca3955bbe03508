// Quantized networks of earlier runs: who quantizes the same network in the same way again reads it in place of that.
//
// A file is named by a SHA-256 over everything that the network depends on: the model's bytes, or a built-in network's
// name and seed; the calibration images, where ranges are taken; the options; the program itself. What a file says of itself (its name, its
// length, a checksum) must be right, or it counts as absent and is written again. So a stale, cut or foreign file costs
// time and nothing else.

import Configuration
import Diagnostics
import Foundation
import Networks
import Output
import Quantizer
import Support

/// Where quantized networks are kept between runs.
package struct NetworkStore: Sendable {
    /// The variable that names the folder for all networks.
    package static let variable = "SHIFTSIM_QUANTIZED"
    /// Bytes that the files of a folder may have.
    package static let mostBytes = 512 << 20
    static let ending = ".quantized"
    /// The folder beside a model.
    static let folderName = ".shiftsim-quantized"

    /// The folder of the variable; nil where it is not set.
    private let named: String?
    /// For networks without a folder of their own that can be written; nil for users without a home.
    private let common: String?

    /// The store that the environment asks for. Throws `EnvironmentProblem` where the variable names no folder and none
    /// can be made.
    package init(environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        named = environment[NetworkStore.variable].flatMap { $0.isEmpty ? nil : $0 }
        func folder(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        common = (folder("XDG_CACHE_HOME") ?? folder("HOME").map { "\($0)/.cache" }).map { "\($0)/shiftsim/quantized" }
        if let named, !CacheFolder.isPossible(named) {
            throw EnvironmentProblem(
                message: "\(NetworkStore.variable) is '\(named.echoed)', where no folder can be made; set it to a "
                    + "folder, or unset it")
        }
    }

    /// The folder for a model: the variable's; beside a model file; else the user's; nil where there is none of these.
    func folder(of model: NetworkSettings.Model) -> CacheFolder? {
        var path = named ?? common
        if named == nil, case .file(let file) = model {
            let beside = URL(fileURLWithPath: file).deletingLastPathComponent().path
            if access(beside, W_OK) == 0 { path = "\(beside)/\(NetworkStore.folderName)" }
        }
        return path.map { CacheFolder($0, mostBytes: NetworkStore.mostBytes, ending: NetworkStore.ending) }
    }

    /// The program as its file is: whoever builds it anew has other results, as far as anyone knows.
    static let program: String? = {
        guard let path = Bundle.main.executablePath,
            let facts = try? FileManager.default.attributesOfItem(
                atPath: URL(fileURLWithPath: path).resolvingSymlinksInPath().path),
            let size = facts[.size] as? Int, let date = facts[.modificationDate] as? Date
        else { return nil }
        let version = "\(ToolVersion.text) \(QuantizedNetworkBytes.version)"
        return "\(version) \(size) \(date.timeIntervalSinceReferenceDate.bitPattern)"
    }()
}

/// A file of a store: what it is of, how long it is, its checksum, its contents.
enum StoredFile {
    private static let magic = "shiftsim quantized network 1\n"

    /// Keeps contents with what they say of themselves.
    static func keep(_ contents: [UInt8], in folder: CacheFolder, as key: String) {
        contents.withUnsafeBytes { bytes in
            let head = "\(magic)\(key) \(bytes.count) \(Checksum.of(bytes))\n"
            folder.keep(Data(head.utf8), bytes, as: key)
        }
    }

    /// The contents of a file; nil where it is not whole, or is of something else.
    static func open<Result>(
        _ data: Data, key: String, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) -> Result? {
        data.withUnsafeBytes { bytes -> Result? in
            guard let newline = bytes.dropFirst(magic.utf8.count).firstIndex(of: UInt8(ascii: "\n")) else { return nil }
            let contents = UnsafeRawBufferPointer(rebasing: bytes[(newline + 1)...])
            let head = "\(magic)\(key) \(contents.count) \(Checksum.of(contents))\n"
            guard bytes[...newline].elementsEqual(head.utf8) else { return nil }
            return try? body(contents)
        }
    }
}

/// A checksum against accidents: four sums of eight bytes each, mixed by multiplication (the rounds of XXH64).
enum Checksum {
    private static let first: UInt64 = 0x9E37_79B1_85EB_CA87
    private static let second: UInt64 = 0xC2B2_AE3D_27D4_EB4F

    /// The checksum of some bytes.
    static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var sums: (UInt64, UInt64, UInt64, UInt64) = (first, second, ~first, ~second)
        var place = 0
        while place + 32 <= bytes.count {
            sums.0 = round(sums.0, bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
            sums.1 = round(sums.1, bytes.loadUnaligned(fromByteOffset: place + 8, as: UInt64.self))
            sums.2 = round(sums.2, bytes.loadUnaligned(fromByteOffset: place + 16, as: UInt64.self))
            sums.3 = round(sums.3, bytes.loadUnaligned(fromByteOffset: place + 24, as: UInt64.self))
            place += 32
        }
        var result = UInt64(bytes.count)
        for sum in [sums.0, sums.1, sums.2, sums.3] { result = round(result, sum) }
        for byte in bytes[place...] { result = round(result, UInt64(byte)) }
        return result ^ result >> 32
    }

    private static func round(_ sum: UInt64, _ value: UInt64) -> UInt64 {
        let mixed = sum &+ value &* second
        return (mixed << 31 | mixed >> 33) &* first
    }
}
