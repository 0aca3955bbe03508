// Do .npy files survive a round trip, here and through NumPy?
import Foundation
import Networks
import TestSupport
import Testing

@testable import NetworkReaders

struct NpyTests {
    static let arrays = [
        NpyArray(shape: [2, 3], elements: .float32([1, -2.5, .infinity, 0, 0x1p-140, 3])),
        NpyArray(shape: [3], elements: .int32([.min, 0, .max])),
        NpyArray(shape: [1, 1, 2], elements: .int64([.min, .max])),
        NpyArray(shape: [], elements: .uint8([255])),
        NpyArray(shape: [0, 4], elements: .float32([])),
    ]

    @Test("What is written is read", arguments: arrays)
    func roundTrip(array: NpyArray) throws {
        let data = try NpyWriter.data(array)
        #expect((data.count - array.elements.count * [4, 4, 8, 1][kind(array)]) % 64 == 0)
        #expect(try NpyReader.array(data, place: "a") == array)
    }

    func kind(_ array: NpyArray) -> Int {
        switch array.elements {
        case .float32: 0
        case .int32: 1
        case .int64: 2
        case .uint8: 3
        }
    }

    @Test(
        "NumPy reads ours and we read NumPy's", .enabled(if: SharedData.hasRuntime, "no Python"),
        arguments: arrays)
    func numpy(array: NpyArray) throws {
        let folder = try Scratch()
        let (ours, theirs) = ("\(folder.url.path)/a.npy", "\(folder.url.path)/b.npy")
        try NpyWriter.write(array, to: ours)
        let script = "import sys, numpy; numpy.save(sys.argv[2], numpy.load(sys.argv[1]))"
        try Tools.runPython(["-c", script] + [ours, theirs])
        #expect(try NpyReader.read(path: theirs) == array)
    }

    @Test("Wrong files")
    func wrong() throws {
        func message(_ header: String, _ bytes: Int = 0) -> String {
            var data = Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0])
            data.append(contentsOf: header.utf8)
            data.append(Data(count: bytes))
            return messageOf { _ = try NpyReader.array(data, place: "a.npy") }
        }
        let shape = "'shape': (2, 2), }"
        #expect(
            message("{'descr': '<f4', 'fortran_order': True, \(shape)", 16)
                == "a.npy: unsupported: Fortran order; supported is C order")
        #expect(
            message("{'descr': '>f4', 'fortran_order': False, \(shape)", 16)
                == "a.npy: unsupported: elements of type >f4; supported are <f4, <i4, <i8 and |u1")
        #expect(
            message("{'descr': '<f4', 'fortran_order': False, \(shape)", 15)
                == "a.npy: shape [2, 2] of <f4 does not match the 15 bytes stored")
        #expect(
            message("{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999, 9999999999)}")
                .contains("does not match the 0 bytes"))
        #expect(message("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}").contains("wrong shape"))
        #expect(message("{}") == "a.npy: the .npy header has no shape")
        #expect(messageOf { _ = try NpyReader.array(Data("hello".utf8), place: "a") } == "a: not a .npy file")
        let bad = NpyArray(shape: [2], elements: .int32([1]))
        #expect(messageOf { _ = try NpyWriter.data(bad) } == "npy: shape [2] does not match 1 elements")
        let good = NpyArray(shape: [1], elements: .int32([1]))
        #expect(messageOf { try NpyWriter.write(good, to: "/nonexistent/a.npy") }.contains("cannot be written"))
    }
}
