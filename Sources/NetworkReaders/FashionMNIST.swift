// Where the Debian package dataset-fashion-mnist (MIT licence) has its files.

import Diagnostics
import Foundation

enum FashionMNIST {
    static let variable = "SHIFTSIM_FASHION_MNIST"
    static let debianFolder = "/usr/share/datasets/fashion-mnist"

    static func folder(
        environment: [String: String] = ProcessInfo.processInfo.environment, installed: String = debianFolder
    ) throws -> String {
        let names = ["t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"]
        func hasImages(_ folder: String) -> Bool { names.allSatisfy { Files.exists("\(folder)/\($0)") } }
        if let named = environment[variable], !named.isEmpty {
            if hasImages(named) { return named }
            throw EnvironmentProblem(
                message: "\(variable) is '\(named.echoed)', which has no \(names.joined(separator: " and ")); "
                    + "set it to a folder with them, or unset it")
        }
        if hasImages(installed) { return installed }
        throw EnvironmentProblem(
            message: """
                Fashion-MNIST is not installed (looked in \(installed)): \
                run `apt-get install dataset-fashion-mnist`, or set \(variable) to a folder with \
                \(names.joined(separator: " and "))
                """)
    }
}
