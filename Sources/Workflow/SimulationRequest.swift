// What a caller asks of one simulation.

import Foundation

/// A configuration and where the results go.
public struct SimulationRequest: Sendable {
    public var configuration: Configuration
    /// Folder for the results; nil writes none.
    public var directory: String?
    /// Called with the fraction done, 0...1, from any thread.
    public var progress: (@Sendable (Double) -> Void)?
    /// Asked between cycles; true ends the run early.
    public var interrupted: @Sendable () -> Bool

    public init(
        _ configuration: Configuration, directory: String? = nil, progress: (@Sendable (Double) -> Void)? = nil,
        interrupted: @escaping @Sendable () -> Bool = { false }
    ) {
        self.configuration = configuration
        self.directory = directory
        self.progress = progress
        self.interrupted = interrupted
    }
}
