import Networks
import Support

/// What came out, and what it was compared with.
package struct FunctionalSection: Sendable, Codable, Equatable {
    /// Images that the array computed; the reference model computed the others.
    package var arrayImages: Int
    /// Output values of the array compared with the reference model; absent when the check is off.
    package var checked: Int?
    /// Of these, the values that differ.
    package var mismatches: Int?
    /// Of all outputs, as little-endian int32, image after image.
    package var outputSha256: String
    /// Index of the largest output of each image.
    package var top1: [Int]
    /// Class indices of the images, where the source has them.
    package var labels: [Int]?
    /// Fraction of images whose class is their label, where labels exist.
    package var accuracy: Double?
    /// Fraction of images whose label is among the five largest outputs; absent for five classes or fewer.
    package var top5Accuracy: Double?

    /// The outputs of a run.
    static func figures(of run: RunData) -> FunctionalSection {
        var hash = SHA256()
        for output in run.outputs.values { hash.update(output.values) }
        return FunctionalSection(
            arrayImages: run.outputs.arrayImages, checked: run.outputs.check?.checked,
            mismatches: run.outputs.check?.mismatches, outputSha256: hash.finish(),
            top1: run.classes, labels: run.network.images.labels.map { Array($0.prefix(run.outputs.values.count)) },
            accuracy: run.accuracy, top5Accuracy: run.top5Accuracy)
    }
}

extension FunctionalSection: ReportSection {
    /// The keys of the section, in the order of the documents.
    package static let fields: [ReportField<FunctionalSection>] = [
        ReportField(
            "array_images", \.arrayImages,
            "images that the array computed (`run.array_images`); the reference model computed the others, with the "
                + "same bits"
        ).atLeast(1),
        ReportField(
            "checked", \.checked,
            "output values of the array compared with the reference model; absent without the check"),
        ReportField("mismatches", \.mismatches, "those that differ; absent without the check").sweepColumn,
        ReportField("output_sha256", \.outputSha256, unit: "SHA-256", "of all outputs as little-endian int32").sha256,
        ReportField("top1", \.top1, "index of the largest output of each image, the first of equals"),
        ReportField("labels", \.labels, "class of each image; absent where the source has none"),
        ReportField("accuracy", \.accuracy, "fraction of top1 = label; absent without labels").fraction,
        ReportField(
            "top5_accuracy", \.top5Accuracy,
            "fraction of images whose label is among the five largest outputs; absent for five classes or fewer and "
                + "without labels"
        ).fraction,
    ]
}
