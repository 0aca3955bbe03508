import Synchronization

/// Values that are made once for each key. Who asks for a key that is being made waits for it; other keys go on.
package final class OncePerKey<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private final class Slot: Sendable { let result = Mutex<Result<Value, any Error>?>(nil) }
    private let slots = Mutex<[Key: Slot]>([:])

    /// Nothing is made yet.
    package init() {}

    /// The value of a key, made by `make` for the first who asks. An error is kept as a value is.
    package func value(_ key: Key, make: () throws -> Value) throws -> Value {
        let slot = slots.withLock { slots in
            let slot = slots[key] ?? Slot()
            slots[key] = slot
            return slot
        }
        return try slot.result.withLock { result in
            let known = result ?? Result { try make() }
            result = known
            return known
        }.get()
    }

    /// Lets go of the value of a key; who asks again has it made again.
    package func forget(_ key: Key) { slots.withLock { $0[key] = nil } }
}
