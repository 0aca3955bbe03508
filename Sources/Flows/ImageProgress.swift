import Synchronization

/// The fraction of images that are done, of the array and of the reference model together.
final class ImageProgress: Sendable {
    private let count: Int
    private let report: (@Sendable (Double) -> Void)?
    private let done = Mutex<(array: Double, reference: Int)>((0, 0))

    init(count: Int, report: (@Sendable (Double) -> Void)?) {
        self.count = count
        self.report = report
    }

    /// The array has done this fraction of its images.
    func array(_ fraction: Double, of images: Int) {
        tell(
            done.withLock { done in
                done.array = max(done.array, fraction * Double(images))
                return done.array + Double(done.reference)
            })
    }

    /// The reference model has finished one more image.
    func finishReference() {
        tell(
            done.withLock { done in
                done.reference += 1
                return done.array + Double(done.reference)
            })
    }

    private func tell(_ images: Double) { report?(min(1, images / Double(max(1, count)))) }
}
