// Weights that this project ships, as ONNX files in configs/models.

import Diagnostics
import Foundation
import NetworkReaders

/// The built-in networks with trained weights.
package enum TrainedModels {
    /// Names that `network.weights: trained` accepts.
    package static let names = ["resnet20-fmnist"]
    static let variable = "SHIFTSIM_MODELS"

    /// The model file of a name: in the folder SHIFTSIM_MODELS and nowhere else where that is set, else in `models`
    /// beside the configuration, or in `configs/models` of a folder above the executable. Throws `EnvironmentProblem`
    /// when it is in none of them.
    package static func path(of name: String, configurationFolder: String) throws -> String {
        if let named = ProcessInfo.processInfo.environment[variable], !named.isEmpty {
            let file = "\(named)/\(name).onnx"
            if FileManager.default.fileExists(atPath: file) { return file }
            throw EnvironmentProblem(
                message: "\(variable) is '\(named.echoed)', which has no \(name).onnx; set it to a folder with it, "
                    + "or unset it")
        }
        let folders = folders(configurationFolder: configurationFolder)
        let files = folders.map { "\($0)/\(name).onnx" }
        if let found = files.first(where: { FileManager.default.fileExists(atPath: $0) }) { return found }
        throw EnvironmentProblem(
            message: """
                the trained weights \(name).onnx are not installed (looked in \(folders.joined(separator: ", "))): \
                set \(variable) to the folder configs/models of the ShiftSim sources, \
                or use --set network.weights=synthetic
                """)
    }

    private static func folders(configurationFolder: String) -> [String] {
        var folders = ["\(configurationFolder)/models"]
        var folder = (Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0]))
            .resolvingSymlinksInPath().deletingLastPathComponent()
        while folder.path != "/" {
            let models = folder.appendingPathComponent("configs/models").path
            if FileManager.default.fileExists(atPath: models), !folders.contains(models) { folders.append(models) }
            folder.deleteLastPathComponent()
        }
        return folders
    }
}
