// What a caller asks of one simulation.

import Configuration
import Preparation

/// A configuration and where the results go.
package struct SimulationRequest: Sendable {
    /// What is simulated.
    package var configuration: Configuration
    /// Folder for the results; nil writes none.
    package var directory: String?
    /// File for the switching activity of the signals that a trace would show; nil writes none.
    package var saif: String?
    /// Quantized networks of earlier runs; nil: the network is quantized whatever was before.
    package var store: NetworkStore?
    /// Told what is done, from any thread.
    package var progress: (@Sendable (PhaseProgress) -> Void)?
    /// Asked between cycles; true ends the run early.
    package var interrupted: @Sendable () -> Bool

    /// A request; nothing runs yet.
    package init(
        _ configuration: Configuration, directory: String? = nil, store: NetworkStore? = nil,
        progress: (@Sendable (PhaseProgress) -> Void)? = nil,
        interrupted: @escaping @Sendable () -> Bool = { false }
    ) {
        self.configuration = configuration
        self.directory = directory
        self.store = store
        self.progress = progress
        self.interrupted = interrupted
    }
}
