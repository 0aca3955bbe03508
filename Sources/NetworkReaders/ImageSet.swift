import Networks

/// Images ready to be fed to a network, with what is known about them.
public struct ImageSet: Sendable, Equatable {
    /// One array an image, channel-major (C, H, W), normalised.
    public var images: [[Float]]
    /// Shape of each image.
    public var shape: Shape
    /// Class index of each image, where the source has labels.
    public var labels: [Int]?
    /// Names of the classes, where the source has them.
    public var classes: [String]?
    /// Whether the source holds bytes, which a normalization applies to, and not floats.
    public var holdsBytes: Bool
    /// Images in the source; nil where there is no end.
    public var available: Int?
    /// The source in words, for reports: "images 0 to 9 of fashion-mnist (10000 test images)".
    public var description: String

    /// A set from its parts; `labels` has as many entries as `images`.
    public init(
        images: [[Float]], shape: Shape, labels: [Int]?, classes: [String]?, holdsBytes: Bool = false,
        available: Int? = nil,
        description: String
    ) {
        self.holdsBytes = holdsBytes
        self.available = available
        self.images = images
        self.shape = shape
        self.labels = labels
        self.classes = classes
        self.description = description
    }
}
