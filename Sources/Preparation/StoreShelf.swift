// One model's place in a store of quantized networks, and what the networks there are known by.

import Configuration
import Foundation
import Networks
import Output
import Quantizer
import Support

#if MUTANTS
    import Mutants
#endif

/// What changes when a file is written or replaced.
private struct FileIdentity: Equatable {
    private var size: Int
    private var changed: Date
    private var number: Int

    /// Nil where there is no file.
    init?(_ path: String) {
        guard let facts = try? FileManager.default.attributesOfItem(atPath: path), let size = facts[.size] as? Int,
            let changed = facts[.modificationDate] as? Date, let number = facts[.systemFileNumber] as? Int
        else { return nil }
        (self.size, self.changed, self.number) = (size, changed, number)
    }
}

/// The digest of a model file, nothing for built-in networks.
struct ModelBytes {
    let source: NetworkSource
    /// Over the bytes of the file; not finished.
    let hash: SHA256
    /// Whether the file may refer to others, which nobody has looked at.
    let mayReferToOthers: Bool
    /// Before the hash was taken; nil where there is no file.
    private let identity: FileIdentity?

    /// Reads the file. Throws `InputError` where there is none.
    init(_ source: NetworkSource) throws {
        self.source = source
        identity = try source.path().flatMap(FileIdentity.init)
        var hash = SHA256()
        var mayReferToOthers = false
        if let path = try source.path() {
            // A file that cannot be read is for its reader to complain of.
            let data = (try? Data(contentsOf: URL(fileURLWithPath: path))) ?? Data()
            data.withUnsafeBytes { hash.update($0) }
            mayReferToOthers = data.isEmpty || data.withUnsafeBytes(ModelBytes.hasLocation)
        }
        self.hash = hash
        self.mayReferToOthers = mayReferToOthers
    }

    /// Whether the file is the one that was hashed: it may have been replaced before the network was read.
    func isStill() throws -> Bool { try source.path().flatMap(FileIdentity.init) == identity }

    /// Whether the word stands anywhere that names the file of a tensor's external data.
    private static func hasLocation(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let word = Array("location".utf8)
        guard var place = bytes.baseAddress, bytes.count >= word.count else { return false }
        let last = place + bytes.count - word.count
        while place <= last, let found = memchr(place, Int32(word[0]), last - place + 1) {
            if memcmp(found, word, word.count) == 0 { return true }
            place = UnsafeRawPointer(found) + 1
        }
        return false
    }
}

/// A network that is read when its layers are needed: at once where nothing is known of it.
final class LazyNetwork {
    private let source: NetworkSource
    private var known: Network?
    /// Whether the network was read.
    private(set) var isRead = false
    let header: NetworkHeader

    /// Throws `InputError` where the network must be read and cannot be.
    init(_ source: NetworkSource, header: NetworkHeader?) throws {
        self.source = source
        if let header {
            self.header = header
        } else {
            let network = try source.network()
            (known, isRead) = (network, true)
            self.header = NetworkHeader(network)
        }
    }

    /// The network, which is not kept: it may take more memory than all that is made of it. Throws `InputError`.
    func take() throws -> Network {
        let network = try known ?? source.network()
        (known, isRead) = (nil, true)
        return network
    }
}

/// What a store has of one model.
struct StoreShelf {
    private let folder: CacheFolder
    /// Of what the model is known by; not finished.
    private let model: SHA256

    /// Nil for models that are known by more than their file, and for a program that cannot tell itself from others.
    init?(_ store: NetworkStore, _ settings: NetworkSettings.Model, _ model: ModelBytes) {
        guard !model.mayReferToOthers, let program = NetworkStore.program, let folder = store.folder(of: settings)
        else { return nil }
        self.folder = folder
        var hash = model.hash
        let name =
            switch settings {
            case .synthetic(let name, let seed): "synthetic \(name) \(seed)"
            case .trained(let name): "trained \(name)"
            // A network is named after its file.
            case .file(let path): "file \((path as NSString).lastPathComponent)"
            }
        hash.update(Array("\n\(program)\n\(name)\n".utf8))
        self.model = hash
    }

    /// The model's header.
    func header() -> NetworkHeader? {
        let key = key("header")
        return folder.read(key).flatMap { StoredFile.open($0, key: key) { try NetworkHeader($0) } }
    }

    /// The network quantized so.
    func network(
        _ options: QuantizationOptions, _ calibration: [[Float]]
    ) -> (QuantizedNetwork, QuantizationReport)? {
        guard let key = key(options, calibration) else { return nil }
        return folder.read(key).flatMap { StoredFile.open($0, key: key) { try QuantizedNetworkBytes.decode($0) } }
    }

    /// Keeps both.
    func keep(
        _ header: NetworkHeader, _ quantized: (QuantizedNetwork, QuantizationReport), _ options: QuantizationOptions,
        _ calibration: [[Float]]
    ) {
        guard let key = key(options, calibration), let head = try? header.bytes,
            let bytes = try? QuantizedNetworkBytes.encode(quantized.0, quantized.1)
        else { return }
        StoredFile.keep(bytes, in: folder, as: key)
        StoredFile.keep(head, in: folder, as: self.key("header"))
    }

    /// The network quantized so, as far as cycles follow from it.
    func outline(_ options: QuantizationOptions) -> QuantizedNetwork? {
        guard let key = outlineKey(options) else { return nil }
        return folder.read(key).flatMap { StoredFile.open($0, key: key) { try QuantizedNetworkBytes.outline($0) } }
    }

    /// Keeps both.
    func keep(_ header: NetworkHeader, outline: QuantizedNetwork, _ options: QuantizationOptions) {
        guard let key = outlineKey(options), let head = try? header.bytes,
            let bytes = try? QuantizedNetworkBytes.bytes(ofOutline: outline)
        else { return }
        StoredFile.keep(bytes, in: folder, as: key)
        StoredFile.keep(head, in: folder, as: self.key("header"))
    }

    private func key(_ text: String) -> String {
        var hash = model
        hash.update(Array(text.utf8))
        return hash.finish()
    }

    private func key(_ options: QuantizationOptions, _ calibration: [[Float]]) -> String? {
        guard let text = StoreShelf.text(of: options) else { return nil }
        var hash = model
        hash.update(Array("network \(text.count) \(calibration.map(\.count))\n".utf8) + text)
        for image in calibration { hash.update(image) }
        return hash.finish()
    }

    private func outlineKey(_ options: QuantizationOptions) -> String? {
        guard let text = StoreShelf.text(of: options) else { return nil }
        var hash = model
        hash.update(Array("outline \(text.count)\n".utf8) + text)
        return hash.finish()
    }

    private static func text(of options: QuantizationOptions) -> Data? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        #if MUTANTS
            if isPlanted("cache-key") { return Data() }
        #endif
        return try? encoder.encode(options)
    }
}
