import Configuration

/// Register bits that changed. Only in mode full.
package struct ActivitySection: Sendable, Codable, Equatable {
    /// Images that the array computed.
    package var images: Int
    /// Bits of registers that changed, all of these images.
    package var togglesTotal: UInt64
    /// By module instance.
    package var byInstance: [String: UInt64]

    /// The activity of a run; nil where it was not counted.
    static func figures(of run: FinishedRun) -> ActivitySection? {
        guard run.configuration.run.mode == .full, let result = run.data?.result else { return nil }
        return ActivitySection(
            images: result.finishedImages, togglesTotal: result.togglesTotal, byInstance: result.toggles)
    }
}

extension ActivitySection: ReportSection {
    /// The keys of the section, in the order of the documents.
    package static let fields: [ReportField<ActivitySection>] = [
        ReportField("images", \.images, "images that the array computed").atLeast(1),
        ReportField(
            "toggles_total", \.togglesTotal, unit: "bits", "register bits that changed, all of these images"),
        ReportField("by_instance", \.byInstance, unit: "bits", "the same by module instance"),
    ]
}
