// Readers of waveforms that were not written here.

import Foundation
import TestSupport

extension Tools {
    /// A decoder that accounts for every byte of an FST; beside the repository, not in it.
    static let byteChecker: String? = {
        let isThere = Repository.hasShared("tools/fst_decode.py") && python != nil
        return isThere ? Repository.shared("tools/fst_decode.py") : nil
    }()

    /// The changes another reader finds, as `shiftsim_tools.read_trace` prints them.
    static func lines(of path: String, reader: String) throws -> [String] {
        let output = try runPython(["-m", "shiftsim_tools.read_trace", "--reader", reader, path])
        return output.split(separator: "\n").map(String.init)
    }
}
