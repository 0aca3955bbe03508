// `shiftsim doctor`: what is installed, what is missing, how to get it.

import Configuration
import Cosimulation
import Foundation
import NetworkReaders
import Networks
import Preparation
import Support

/// Looks for the programs and data that commands use.
package struct Doctor: Sendable {
    /// One thing looked for.
    package struct Finding: Sendable, Equatable {
        /// What is looked for.
        package var name: String
        /// What needs it.
        package var purpose: String
        /// Where it was found, nil when it is missing.
        package var found: String?
        /// The command that installs it.
        package var install: String
        /// Whether the main job needs it.
        package var isRequired: Bool
    }

    /// Data, programs, Python packages.
    package let findings: [Finding]

    /// Looks where the commands look: in the variables that name programs, in `.venv` of the working directory and of
    /// the sources, in PATH, and for data sets.
    package static func examine(environment: [String: String] = ProcessInfo.processInfo.environment) -> Doctor {
        let search = ToolSearch(environment: environment)
        return Doctor(findings: data() + tools(search, environment) + python(search))
    }

    /// Whether everything is there that the main job needs.
    package var canRun: Bool { findings.allSatisfy { !$0.isRequired || $0.found != nil } }

    private static func data() -> [Finding] {
        let shape = Shape(channels: 1, height: 28, width: 28)
        let images = try? ImageReader.read(
            source: "fashion-mnist", first: 0, count: 1, seed: 1, expected: shape, normalization: nil)
        let fashionMNIST = images?.description
        let configurations = FileManager.default.currentDirectoryPath + "/configs"
        let model = try? TrainedModels.path(of: TrainedModels.names[0], configurationFolder: configurations)
        return [
            Finding(
                name: "Fashion-MNIST", purpose: "images of the main job",
                found: fashionMNIST,
                install: "apt-get install dataset-fashion-mnist, or set SHIFTSIM_FASHION_MNIST", isRequired: true),
            Finding(
                name: "\(TrainedModels.names[0]).onnx", purpose: "trained weights of the main job", found: model,
                install: "it is configs/models of the ShiftSim sources; set SHIFTSIM_MODELS to that folder",
                isRequired: true),
            Finding(
                name: "zlib", purpose: "compressed traces and images", found: "linked into shiftsim",
                install: "apt-get install zlib1g-dev, then build again", isRequired: true),
        ]
    }

    private static func tools(_ search: ToolSearch, _ environment: [String: String]) -> [Finding] {
        func tool(_ tool: OutsideTool, _ purpose: String) -> Finding {
            do {
                let found = try search.require(tool).executable.path
                return Finding(
                    name: tool.name, purpose: purpose, found: found, install: tool.install, isRequired: false)
            } catch {
                // A variable that names no program is to be mended, not a program to be installed.
                let remedy: String
                if case ToolError.misnamed = error { remedy = "\(error)" } else { remedy = tool.install }
                return Finding(name: tool.name, purpose: purpose, found: nil, install: remedy, isRequired: false)
            }
        }
        return [
            tool(.verilator, "co-simulation (cosim), make bench"), tool(.cxx, "co-simulation (cosim), make bench"),
            tool(.yosys, "co-simulation (cosim), make synth"),
            Finding(
                name: "Yosys headers", purpose: "co-simulation (cosim)",
                found: CXXRTL.header(environment: environment), install: CXXRTL.install, isRequired: false),
            tool(.iverilog, "make bench without Verilator"), tool(.vivado, "make vivado"),
            tool(.fst2vcd, "tests of waveform files"), tool(.gtkwave, "looking at waveforms"),
        ]
    }

    private static func python(_ search: ToolSearch) -> [Finding] {
        let packages = [
            ("numpy", "independent check of results", "numpy"),
            ("onnxruntime", "tests of the model reader", "onnxruntime"),
            ("pywellen", "tests of waveform files", "pywellen"), ("pylibfst", "tests of waveform files", "pylibfst"),
        ]
        return packages.map { name, purpose, package in
            Finding(
                name: "Python \(name)", purpose: purpose, found: search.pythonPackage(name),
                install: "python3 -m venv .venv && .venv/bin/pip install \(package)", isRequired: false)
        }
    }

    /// The findings for people.
    package var text: String {
        var table = TextTable(["what", "state", "needed for", "where, or how to get it"], left: [0, 1, 2, 3])
        for finding in findings {
            let state = finding.found != nil ? "found" : finding.isRequired ? "MISSING" : "missing"
            table.add([finding.name, state, finding.purpose, finding.found ?? finding.install])
        }
        let verdict = canRun ? "the main job can run" : "the main job cannot run: install what is MISSING"
        return (table.lines + ["", verdict]).joined(separator: "\n") + "\n"
    }
}
