// The integer network as two files that other programs can read: network.quantized.json (every field) and
// weights.bin (int32, little endian, layer after layer). scripts/python/shiftsim_tools/integer_reference.py is one
// reader.

import Diagnostics
import Foundation
import Networks
import Output

/// Writes and reads integer networks.
public enum QuantizedNetworkArchive {
    static let manifestName = "network.quantized.json"
    static let weightsName = "weights.bin"

    /// Writes both files into a directory, which is made if need be. Throws `InputError`.
    public static func write(_ network: QuantizedNetwork, to directory: URL) throws {
        let (manifest, weights) = ArchiveManifest.make(network)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        try WholeFile.write(weights, to: directory.appendingPathComponent(weightsName).path, makingFolders: true)
        try WholeFile.write(
            encoder.encode(manifest), to: directory.appendingPathComponent(manifestName).path)
    }

    /// Reads what `write` wrote. Throws `InputError` when a file is missing, of another schema or inconsistent.
    public static func read(from directory: URL) throws -> QuantizedNetwork {
        let manifestFile = directory.appendingPathComponent(manifestName)
        let text = try contents(manifestFile)
        let weights = try contents(directory.appendingPathComponent(weightsName))
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            return try decoder.decode(ArchiveManifest.self, from: text).network(weights: weights)
        } catch let error as DecodingError {
            throw InputError(at: manifestFile.path, "is not a quantized network: \(error)")
        } catch let error as ArchiveManifest.Inconsistency {
            throw InputError(at: manifestFile.path, error.message)
        }
    }

    private static func contents(_ file: URL) throws -> Data {
        do {
            return try Data(contentsOf: file)
        } catch {
            throw InputError(at: file.path, "cannot be read: \(error.localizedDescription)")
        }
    }
}
