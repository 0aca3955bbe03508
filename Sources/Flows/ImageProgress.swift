import Preparation
import Synchronization

/// What is done of the images, of the array and of the reference model.
final class ImageProgress: Sendable {
    private let report: (@Sendable (PhaseProgress) -> Void)?
    /// Images of the reference model alone.
    private let others: Int
    private let done = Mutex<(array: Double, reference: Int)>((0, 0))

    /// `others` are the images that the array does not compute.
    init(others: Int, report: (@Sendable (PhaseProgress) -> Void)?) {
        self.others = others
        self.report = report
    }

    /// The array has done this fraction of its images.
    func array(_ fraction: Double, of images: Int) {
        let part = done.withLock { done in
            done.array = max(done.array, min(1, fraction))
            return done.array
        }
        let image = min(images, Int(part * Double(images)) + 1)
        report?(PhaseProgress(.simulating(image: image, of: images), part))
    }

    /// The outputs are judged.
    func judge() { report?(PhaseProgress(.checking)) }

    /// The reference model has finished one more image.
    func finishReference() {
        let count = done.withLock { done in
            done.reference += 1
            return done.reference
        }
        report?(PhaseProgress(.checking, Double(count) / Double(max(1, others))))
    }
}
