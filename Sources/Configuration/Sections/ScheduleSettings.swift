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

    /// How the tiles of a layer are chosen.
    package var search = Search.optimal

    static let keys = [
        ConfigKey.word(
            "schedule.search", \.schedule.search,
            "tiles of a layer: `optimal` the sizes, the order and the use of the buffers with which it ends first, and "
                + "layers overlap by the rows that they need; `first-fit` the largest tiles that fit half of each buffer, "
                + "one layer after the other (docs/internals/Schedule.md)")
    ]
}
