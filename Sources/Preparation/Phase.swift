/// What a command is doing, for those who wait.
package enum Phase: Sendable, Equatable {
    /// Model and images are read.
    case reading
    /// Floats become integers.
    case quantizing
    /// The design is made, and the network scheduled on it.
    case elaborating
    /// The array computes an image, counted from 1.
    case simulating(image: Int, of: Int)
    /// The reference model computes images, and compares.
    case checking
    /// Points of a sweep that are done.
    case sweeping(done: Int, of: Int)
}
