// Where the Debian package dataset-fashion-mnist (MIT licence) has its files.

import Diagnostics
import Foundation

enum FashionMNIST {
    static let variable = "SHIFTSIM_FASHION_MNIST"
    static let debianFolder = "/usr/share/datasets/fashion-mnist"

    static func folder(
        environment: [String: String] = ProcessInfo.processInfo.environment, installed: String = debianFolder
    ) throws -> String {
        let folders = [environment[variable], installed].compactMap { $0 }.filter { !$0.isEmpty }
        let names = ["t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"]
        if let found = folders.first(where: { folder in names.allSatisfy { Files.exists("\(folder)/\($0)") } }) {
            return found
        }
        throw EnvironmentProblem(
            message: """
                Fashion-MNIST is not installed (looked in \(folders.joined(separator: " and "))): \
                run `apt-get install dataset-fashion-mnist`, or set \(variable) to a folder with \
                \(names.joined(separator: " and "))
                """)
    }
}
