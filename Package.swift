// swift-tools-version: 6.1
import Foundation
import PackageDescription

// The kernel, the reference model, the quantizer and what walks over all weights vectorise; on x86-64 they are compiled
// for x86-64-v3 (AVX2, every server and desktop since 2013). `SHIFTSIM_BASELINE=1 swift build` compiles for the oldest
// x86-64.
#if arch(x86_64)
    let baseline = ProcessInfo.processInfo.environment["SHIFTSIM_BASELINE"] == "1"
    let vectorised: [SwiftSetting] =
        baseline ? [] : [.unsafeFlags(["-Xcc", "-march=x86-64-v3"]), .define("SHIFTSIM_X86_64_V3")]
#else
    let vectorised: [SwiftSetting] = []
#endif
let fast: [SwiftSetting] =
    vectorised + [.unsafeFlags(["-Ounchecked", "-enforce-exclusivity=unchecked"], .when(configuration: .release))]

let package = Package(
    name: "ShiftSim",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "shiftsim", targets: ["shiftsim"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "Diagnostics"),
        .target(name: "DigestKernels", cSettings: [.unsafeFlags(["-O3"])]),
        .target(name: "Support", dependencies: ["DigestKernels"], swiftSettings: vectorised),
        .target(name: "Output", dependencies: ["Diagnostics"]),

        // Networks
        .target(name: "Networks", dependencies: ["Diagnostics", "Support"], swiftSettings: vectorised),
        .target(name: "ReferenceModel", dependencies: ["Networks"], swiftSettings: vectorised),
        .target(
            name: "NetworkReaders",
            dependencies: [
                "Networks", "Diagnostics", "Output", "Support", "CZlib",
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ]),
        .target(
            name: "Quantizer", dependencies: ["Networks", "Diagnostics", "Output", "Support"],
            swiftSettings: vectorised),

        // Hardware
        .target(name: "Fabric"),
        .target(name: "Design", dependencies: ["Fabric"]),
        .target(name: "Accelerator", dependencies: ["Design", "Fabric"]),
        .target(
            name: "Schedule", dependencies: ["Networks", "Accelerator", "Fabric", "Diagnostics"],
            swiftSettings: vectorised),
        .target(name: "RTLEmitter", dependencies: ["Accelerator", "Design", "Fabric", "Output", "Support"]),

        // Simulation
        .target(name: "Kernel", dependencies: ["Design", "Fabric"], swiftSettings: fast),
        .target(name: "ExternalMemory", dependencies: ["Kernel", "Design", "Support"], swiftSettings: fast),
        .target(name: "RowKernels", cSettings: [.unsafeFlags(["-O3"])]),
        .target(
            name: "Streams", dependencies: ["Design", "ExternalMemory", "Fabric", "Kernel", "RowKernels"],
            swiftSettings: fast),
        .target(name: "Waveforms", dependencies: ["CZlib", "Diagnostics", "Output"]),
        .target(name: "Observation", dependencies: ["Kernel", "Waveforms", "Design"], swiftSettings: fast),
        .target(name: "Host", dependencies: ["Networks", "Diagnostics"], swiftSettings: vectorised),
        .target(
            name: "Machine",
            dependencies: [
                "Accelerator", "Design", "Diagnostics", "ExternalMemory", "Host", "Kernel", "Networks", "Observation",
                "Schedule", "Streams", "Support",
            ]),
        .target(
            name: "Cosimulation",
            dependencies: [
                "Accelerator", "Design", "Diagnostics", "ExternalMemory", "Fabric", "Kernel", "Machine", "Networks",
                "Observation", "Output", "RTLEmitter", "Schedule", "Streams", "Support", "Waveforms",
            ]),

        .target(
            name: "Energy", dependencies: ["Design", "Diagnostics", "Fabric", "Support"],
            resources: [.embedInCode("Tables/zcu102.csv")]),

        // From a configuration to results
        .target(
            name: "Configuration",
            dependencies: [
                "Accelerator", "Diagnostics", "Energy", "ExternalMemory", "Fabric", "NetworkReaders", "Networks",
                "Quantizer", "Support", "Waveforms", .product(name: "Yams", package: "Yams"),
            ]),
        .target(
            name: "Preparation",
            dependencies: [
                "Accelerator", "Configuration", "Design", "Diagnostics", "Fabric", "Machine", "NetworkReaders",
                "Networks", "Output", "Quantizer", "Schedule", "Support",
            ]),
        .target(
            name: "Reports",
            dependencies: [
                "Accelerator", "Configuration", "Diagnostics", "Energy", "ExternalMemory", "Fabric", "Machine",
                "NetworkReaders", "Networks", "Observation", "Preparation", "Quantizer", "Schedule", "Support",
            ]),
        .target(
            name: "Flows",
            dependencies: [
                "Accelerator", "Configuration", "Cosimulation", "Diagnostics", "Energy", "Machine", "NetworkReaders",
                "Networks", "Output", "Preparation", "Quantizer", "ReferenceModel", "Reports", "RTLEmitter", "Schedule",
                "Support", "Waveforms",
            ]),
        .target(
            name: "Sweep",
            dependencies: [
                "Configuration", "Diagnostics", "Flows", "Networks", "Output", "Preparation", "Reports", "Support",
            ]),
        .executableTarget(
            name: "shiftsim",
            dependencies: [
                "Accelerator", "Configuration", "Cosimulation", "Diagnostics", "Energy", "Flows", "Kernel", "Networks",
                "Output",
                "Preparation", "Reports", "Streams", "Support", "Sweep", "Waveforms",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),

        // Tests, by question
        .target(
            name: "TestSupport",
            dependencies: [
                "Accelerator", "Cosimulation", "ExternalMemory", "Kernel", "Machine", "Networks", "Schedule", "Support",
            ], path: "Tests/TestSupport"),
        .testTarget(name: "ArchitectureTests", dependencies: ["TestSupport"]),
        .testTarget(name: "SupportTests", dependencies: ["Diagnostics", "Support", "TestSupport"]),
        .testTarget(
            name: "PrimitiveTests",
            dependencies: [
                "Cosimulation", "Design", "Fabric", "Kernel", "ReferenceModel", "RTLEmitter", "Support", "TestSupport",
            ]),
        .testTarget(
            name: "ResourceTests",
            dependencies: [
                "Accelerator", "Configuration", "Cosimulation", "Design", "Diagnostics", "Energy", "Fabric", "Flows",
                "Preparation", "Reports", "RTLEmitter", "TestSupport",
            ]),
        .testTarget(
            name: "MachineTests",
            dependencies: [
                "Accelerator", "Configuration", "Cosimulation", "Design", "Diagnostics", "ExternalMemory", "Fabric",
                "Flows", "Host", "Kernel", "Machine", "Networks", "Observation", "Preparation", "ReferenceModel",
                "Reports", "RowKernels", "RTLEmitter", "Schedule", "Streams", "Support", "TestSupport", "Waveforms",
            ]),
        .testTarget(
            name: "InstructionCountTests", dependencies: ["TestSupport", "shiftsim"], exclude: ["thresholds.json"]),
        .testTarget(name: "WaveformTests", dependencies: ["TestSupport", "Waveforms"]),
        .testTarget(
            name: "NetworkReadersTests",
            dependencies: [
                "CZlib", "Diagnostics", "NetworkReaders", "Networks", "Quantizer", "Support", "TestSupport",
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ]),
        .testTarget(
            name: "QuantizerTests",
            dependencies: ["Diagnostics", "Networks", "Quantizer", "ReferenceModel", "Support", "TestSupport"]),
        .testTarget(
            name: "ReferenceTests",
            dependencies: [
                "Diagnostics", "Host", "NetworkReaders", "Networks", "Quantizer", "ReferenceModel", "Support",
                "TestSupport",
            ]),
        .testTarget(
            name: "FlowTests",
            dependencies: [
                "Accelerator", "Configuration", "Cosimulation", "Diagnostics", "Energy", "ExternalMemory", "Flows",
                "Machine", "NetworkReaders", "Networks", "Output", "Preparation", "Quantizer", "ReferenceModel",
                "Reports",
                "Schedule", "Support", "Sweep", "TestSupport", "shiftsim",
            ]),
    ],
    swiftLanguageModes: [.v6]
)

// SHIFTSIM_MUTANTS=1, for builds of the tests: planted faults, of which SHIFTSIM_MUTANT chooses one when a test runs.
// Other builds have neither their module nor a line of theirs.
if ProcessInfo.processInfo.environment["SHIFTSIM_MUTANTS"] == "1" {
    for target in package.targets where target.type == .regular || target.type == .executable {
        target.dependencies.append("Mutants")
        target.swiftSettings = (target.swiftSettings ?? []) + [.define("MUTANTS")]
    }
    package.targets.append(.target(name: "Mutants", path: "Tests/Mutants", exclude: ["mutants.tsv"]))
}
