// Section `schedule`: how layers become tiles.

/// The schedule as the configuration describes it.
package struct ScheduleSettings: Sendable, Hashable {
    /// How the tiles of a layer are chosen.
    package enum Search: String, Sendable, Hashable, CaseIterable {
        /// Those with which it ends first.
        case optimal
        /// The largest that fit half of each buffer.
        case firstFit = "first-fit"
    }

    /// How the network's input stands in memory.
    package enum Input: String, Sendable, Hashable, CaseIterable {
        /// For convolutions of few channels once more, with positions of the window in the channels.
        case unrolled
        /// As every other feature map.
        case plain
    }

    /// How the tiles of a layer are chosen.
    package var search = Search.optimal
    /// How the network's input stands in memory.
    package var input = Input.unrolled

    static let keys = [
        ConfigKey.word(
            "schedule.search", \.schedule.search,
            "tiles of a layer: `optimal` the sizes, the order and the use of the buffers with which it ends first, and "
                + "layers overlap by the rows that they need; `first-fit` the largest tiles that fit half of each buffer, "
                + "one layer after the other (docs/internals/Schedule.md)"),
        ConfigKey.word(
            "schedule.input", \.schedule.input,
            "the network's input in external memory: `unrolled` for convolutions of few channels with neighbouring "
                + "positions of the window in the channels of a pixel, as far as they then take fewer cycles; `plain` "
                + "as every other feature map; with `schedule.search: first-fit` always plain"),
    ]
}
