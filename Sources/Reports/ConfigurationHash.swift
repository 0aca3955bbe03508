// The hash by which runs are known to be the same.

import Configuration
import Preparation
import Support

#if MUTANTS
    import Mutants
#endif

extension FinishedRun {
    /// SHA-256 of every key that may change a result (`Configuration.hashText`) and of the contents of the model, the
    /// images and their labels (`PreparedNetwork.fingerprint`).
    var configurationHash: String {
        #if MUTANTS
            if isPlanted("config-hash") { return SHA256.hexadecimal(resolvedConfiguration.hashText.utf8) }
        #endif
        return SHA256.hexadecimal((resolvedConfiguration.hashText + fingerprint).utf8)
    }
}
