/// The run was ended before its first image was done; the command line exits with 130.
public struct Interrupted: Error, Sendable, CustomStringConvertible {
    public var description: String { "interrupted before the first image was finished" }
}
