// FIPS 180-4 SHA-256, for hashes of configurations, input files and outputs.

import DigestKernels
import Foundation

/// A running SHA-256.
package struct SHA256: Sendable {
    private static let constants: [UInt32] = [
        0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
        0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
        0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
        0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
        0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
        0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
        0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
        0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
    ]
    private var state: [UInt32] = [
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
    ]
    private var pending: [UInt8] = []
    private var length: UInt64 = 0
    private let isNative: Bool

    /// Whether this processor has instructions for it.
    package static let hasInstructions = digest_has_sha256() != 0

    /// The digest of nothing yet. `portably`: without the processor's own instructions; the digest is the same.
    package init(portably: Bool = false) { isNative = !portably && SHA256.hasInstructions }

    /// The digest of some bytes, in hexadecimal.
    package static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        var hash = SHA256()
        hash.update(Array(bytes))
        return hash.finish()
    }

    /// Adds bytes.
    package mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

    /// Adds integers, little endian.
    package mutating func update(_ values: [Int32]) { LittleEndian.withBytes(of: values) { update($0) } }

    /// Adds floats by their bits, little endian.
    package mutating func update(_ values: [Float]) { LittleEndian.withBytes(of: values) { update($0) } }

    /// Adds bytes where they lie. Cost: some 0.6 ns a byte where the processor has instructions for it, else 4 ns, in a
    /// release build.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        length += UInt64(bytes.count)
        var rest = bytes[...]
        if !pending.isEmpty {
            let missing = min(64 - pending.count, rest.count)
            pending += rest.prefix(missing)
            rest = rest.dropFirst(missing)
            guard pending.count == 64 else { return }
            let block = pending
            block.withUnsafeBytes { compress($0) }
        }
        let whole = rest.count / 64 * 64
        compress(UnsafeRawBufferPointer(rebasing: rest.prefix(whole)))
        pending = Array(rest.dropFirst(whole))
    }

    /// Ends the message; the digest in hexadecimal.
    package mutating func finish() -> String {
        let bits = length * 8
        let padding = (119 - pending.count % 64) % 64 + 1
        let zeros = [UInt8](repeating: 0, count: padding - 1)
        update([0x80] + zeros + (0..<8).map { UInt8(truncatingIfNeeded: bits >> (56 - 8 * $0)) })
        return state.map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 8 - digits.count) + digits
        }.joined()
    }

    /// Takes whole blocks in. The schedule of a block is computed where it is used, in a ring of sixteen words.
    private mutating func compress(_ blocks: UnsafeRawBufferPointer) {
        guard let first = blocks.baseAddress, !blocks.isEmpty else { return }
        if isNative {
            digest_sha256(&state, first.assumingMemoryBound(to: UInt8.self), blocks.count / 64)
            return
        }
        state.withUnsafeMutableBufferPointer { state in
            SHA256.constants.withUnsafeBufferPointer { constants in
                withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 16) { words in
                    for start in stride(from: 0, to: blocks.count, by: 64) {
                        for index in 0..<16 {
                            words[index] = UInt32(
                                bigEndian: blocks.loadUnaligned(fromByteOffset: start + 4 * index, as: UInt32.self))
                        }
                        SHA256.rounds(state, constants, words)
                    }
                }
            }
        }
    }

    private static func rounds(
        _ state: UnsafeMutableBufferPointer<UInt32>, _ constants: UnsafeBufferPointer<UInt32>,
        _ words: UnsafeMutableBufferPointer<UInt32>
    ) {
        var (a, b, c, d) = (state[0], state[1], state[2], state[3])
        var (e, f, g, h) = (state[4], state[5], state[6], state[7])
        // Eight rounds at a time, after which each variable has its old place: none is ever moved.
        for first in stride(from: 0, to: 64, by: 8) {
            if first >= 16 { extend(words, from: first) }
            func sum(_ index: Int) -> UInt32 { constants[first + index] &+ words[(first + index) & 15] }
            round((a, b, c), &d, (e, f, g), &h, sum(0))
            round((h, a, b), &c, (d, e, f), &g, sum(1))
            round((g, h, a), &b, (c, d, e), &f, sum(2))
            round((f, g, h), &a, (b, c, d), &e, sum(3))
            round((e, f, g), &h, (a, b, c), &d, sum(4))
            round((d, e, f), &g, (h, a, b), &c, sum(5))
            round((c, d, e), &f, (g, h, a), &b, sum(6))
            round((b, c, d), &e, (f, g, h), &a, sum(7))
        }
        state[0] &+= a
        state[1] &+= b
        state[2] &+= c
        state[3] &+= d
        state[4] &+= e
        state[5] &+= f
        state[6] &+= g
        state[7] &+= h
    }

    /// The next eight words of the schedule, in place of those sixteen before them.
    private static func extend(_ words: UnsafeMutableBufferPointer<UInt32>, from first: Int) {
        for index in first..<first + 8 {
            let (early, late) = (words[(index + 1) & 15], words[(index + 14) & 15])
            let small0 = rotate(early, 7) ^ rotate(early, 18) ^ (early >> 3)
            let small1 = rotate(late, 17) ^ rotate(late, 19) ^ (late >> 10)
            words[index & 15] = words[index & 15] &+ small0 &+ words[(index + 9) & 15] &+ small1
        }
    }

    @inline(__always)
    private static func round(
        _ abc: (UInt32, UInt32, UInt32), _ d: inout UInt32, _ efg: (UInt32, UInt32, UInt32), _ h: inout UInt32,
        _ word: UInt32
    ) {
        let ((a, b, c), (e, f, g)) = (abc, efg)
        let big1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
        let first = h &+ big1 &+ (g ^ (e & (f ^ g))) &+ word
        let big0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
        d &+= first
        h = first &+ big0 &+ ((a & b) ^ (c & (a ^ b)))
    }

    private static func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 { word &>> count | word &<< (32 &- count) }
}
