import Networks

/// Counts of compared and of differing output values.
package struct OutputCheck: Sendable, Equatable {
    /// Values compared.
    package var checked = 0
    /// Values that differ.
    package var mismatches = 0

    /// Nothing compared.
    package init() {}

    /// One image's output beside what it has to be.
    package init(_ output: IntegerTensor, expected: IntegerTensor) {
        checked = expected.values.count
        mismatches = zip(expected.values, output.values).count { $0 != $1 }
    }

    /// The counts of both.
    package static func + (first: OutputCheck, second: OutputCheck) -> OutputCheck {
        var sum = first
        sum.checked += second.checked
        sum.mismatches += second.mismatches
        return sum
    }
}

/// Outputs of the images that were finished, and what was compared.
package struct JudgedOutputs: Sendable {
    /// The network's output of each image, from the first image on.
    package let values: [IntegerTensor]
    /// Of these, images that the array computed.
    package let arrayImages: Int
    /// The array's outputs against the reference model's; nil when the check is off.
    package let check: OutputCheck?

    /// Outputs with what was found.
    package init(values: [IntegerTensor], arrayImages: Int, check: OutputCheck?) {
        self.values = values
        self.arrayImages = arrayImages
        self.check = check
    }
}
