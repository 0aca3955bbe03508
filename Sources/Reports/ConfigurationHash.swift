// The hash by which runs are known to be the same.

import Configuration
import Preparation
import Support

extension FinishedRun {
    /// SHA-256 of every key that may change a result (`Configuration.hashText`) and of the contents of the model, the
    /// images and their labels (`PreparedNetwork.fingerprint`).
    var configurationHash: String {
        SHA256.hexadecimal((resolvedConfiguration.hashText + network.fingerprint).utf8)
    }
}
