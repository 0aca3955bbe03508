// swift-tools-version: 6.1
import Foundation
import PackageDescription

// The kernel, the reference model and the quantizer vectorise; on x86-64 they are compiled for x86-64-v3 (AVX2, every
// server and desktop since 2013). `SHIFTSIM_BASELINE=1 swift build` compiles for the oldest x86-64.
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
        .target(name: "Networks"),
        .target(name: "ReferenceModel", dependencies: ["Networks"], swiftSettings: vectorised),
        .target(
            name: "NetworkReaders",
            dependencies: ["Networks", "CZlib", .product(name: "SwiftProtobuf", package: "swift-protobuf")]),
        .target(name: "Quantizer", dependencies: ["Networks"], swiftSettings: vectorised),
        .target(name: "Fabric"),
        .target(name: "Design", dependencies: ["Fabric"]),
        .target(name: "Accelerator", dependencies: ["Design", "Fabric"]),
        .target(name: "Schedule", dependencies: ["Networks", "Accelerator", "Fabric"]),
        .target(name: "Kernel", dependencies: ["Design", "Fabric"], swiftSettings: fast),
        .target(name: "ExternalMemory", dependencies: ["Kernel", "Design"]),
        .target(name: "Waveforms", dependencies: ["CZlib"]),
        .target(name: "Observation", dependencies: ["Kernel", "Waveforms", "Design"]),
        .target(name: "RTLEmitter", dependencies: ["Design", "Fabric"]),
        .target(
            name: "Workflow",
            dependencies: [
                "Networks", "ReferenceModel", "NetworkReaders", "Quantizer", "Fabric", "Design", "Accelerator",
                "Schedule", "Kernel", "ExternalMemory", "Waveforms", "Observation", "RTLEmitter",
                .product(name: "Yams", package: "Yams"),
            ]),
        .target(name: "Sweep", dependencies: ["Workflow", "Networks"]),
        .executableTarget(
            name: "shiftsim",
            dependencies: [
                "Workflow", "Sweep", "Accelerator", "Kernel", "NetworkReaders", "Networks", "RTLEmitter", "Waveforms",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .testTarget(name: "QuantizerTests", dependencies: ["Networks", "Quantizer", "ReferenceModel"]),
        .testTarget(
            name: "ReferenceTests", dependencies: ["NetworkReaders", "Networks", "Quantizer", "ReferenceModel"]),
        .testTarget(
            name: "WorkflowTests",
            dependencies: ["Networks", "NetworkReaders", "Workflow", "Sweep", "shiftsim"]),
        .testTarget(name: "PrimitiveTests", dependencies: ["RTLEmitter", "Design", "Fabric", "Kernel"]),
        .testTarget(
            name: "ResourceTests", dependencies: ["RTLEmitter", "Accelerator", "Design", "Fabric", "Workflow"]),
        .testTarget(
            name: "MachineTests",
            dependencies: [
                "Networks", "ReferenceModel", "Fabric", "Design", "Accelerator", "Schedule", "Kernel", "ExternalMemory",
                "Waveforms", "Observation", "RTLEmitter", "Workflow",
            ]),
        .testTarget(name: "WaveformTests", dependencies: ["Waveforms"]),
        .testTarget(
            name: "NetworkReadersTests",
            dependencies: [
                "NetworkReaders", "Networks", "Quantizer", "CZlib",
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ]),
    ],
    swiftLanguageModes: [.v6]
)
