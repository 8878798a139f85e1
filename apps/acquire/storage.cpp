#include "storage.hpp"

#include <nodespan/algorithm.hpp>
#include <nodespan/hdf5_writer.hpp>

#include <algorithm>

namespace nodespan::acquire {

storage::storage(team& everyone, const settings& chosen)
    : chosen_(chosen),
      frames_(everyone, {chosen.at_most, static_cast<index_t>(chosen.frame_bytes / sizeof(sample))},
              {.name = "kept frames"}),
      numbers_(everyone, {chosen.at_most}, {.name = "kept numbers"}),
      consumers_(static_cast<std::uint64_t>(everyone.size() - 1)),
      me_(static_cast<std::uint64_t>(everyone.rank() - 1)) {
    fill(numbers_, std::int64_t{-1});
}

bool storage::wants(std::uint64_t sequence) const {
    const auto every = static_cast<std::uint64_t>(chosen_.every);
    const std::uint64_t row = sequence / every;
    return sequence % every == 0 && row < static_cast<std::uint64_t>(chosen_.at_most) &&
           (!chosen_.is_to_all() || row % consumers_ == me_);
}

void storage::keep(std::span<const sample> frame, std::uint64_t sequence) {
    const auto row = static_cast<index_t>(sequence) / chosen_.every;
    std::copy(frame.begin(), frame.end(), frames_.node().row(row).begin());
    numbers_.node()(row) = static_cast<std::int64_t>(sequence);
}

void storage::save(std::uint64_t frames) {
    const auto every = static_cast<std::uint64_t>(chosen_.every);
    const index_t rows =
        std::min(chosen_.at_most, static_cast<index_t>((frames + every - 1) / every));
    hdf5_writer file(frames_.get_team(), chosen_.file);
    file.save(frames_, box<2>{{}, {rows, frames_.extent(1)}}, "frames");
    file.save(numbers_, box<1>{{}, {rows}}, "sequence");
    file.commit();
}

} // namespace nodespan::acquire
