#include "checkpoint_seal.hpp"
#include "cause_of.hpp"
#include "even_cut.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fcntl.h>
#include <memory>
#include <string_view>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace nodespan::detail {
namespace {

constexpr std::uint64_t piece_bytes = std::uint64_t{4} << 20;
constexpr std::string_view first_line = "nodespan checkpoint 1\n";

// The first bytes of the file, without the checksum.
std::string heading(std::int64_t step, std::uint64_t file_bytes) {
    return fmt::format("{}step {}\nbytes {}\n", first_line, step, file_bytes);
}

std::string seal_text(const std::string& heading, std::uint64_t checksum) {
    std::string text = heading + fmt::format("xxh3 {:016x}\n", checksum);
    text.resize(seal_bytes, '\0');
    return text;
}

// This rank's part of the checksum. The checksum is a sum over pieces of the file behind the seal,
// each hashed with its number as seed, so it is the same for any team.
std::uint64_t part_of_checksum(const collective_io& call, const posix_file& file,
                               std::uint64_t file_bytes) {
    const std::uint64_t pieces = (file_bytes - seal_bytes + piece_bytes - 1) / piece_bytes;
    const auto ranks = static_cast<std::uint64_t>(call.size());
    const auto rank = static_cast<std::uint64_t>(call.rank());
    const auto buffer = std::make_unique_for_overwrite<std::byte[]>(piece_bytes);
    std::uint64_t sum = 0;
    for (std::uint64_t k = even_cut(pieces, rank, ranks); k < even_cut(pieces, rank + 1, ranks);
         ++k) {
        const std::uint64_t begin = seal_bytes + k * piece_bytes;
        const std::size_t bytes = std::min(piece_bytes, file_bytes - begin);
        file.read(begin, buffer.get(), bytes);
        sum += XXH3_64bits_withSeed(buffer.get(), bytes, k);
    }
    return sum;
}

std::uint64_t checksum_of(const collective_io& call, const posix_file& file,
                          const std::string& heading, std::uint64_t file_bytes) {
    std::uint64_t mine = 0;
    call.agree([&] { mine = part_of_checksum(call, file, file_bytes); });
    return call.add_up(mine).all +
           XXH3_64bits_withSeed(heading.data(), heading.size(), ~std::uint64_t{0});
}

} // namespace

void seal(const collective_io& call, const std::string& file, std::int64_t step, bool read_back) {
    posix_file mine = call.open_to_write(file);
    const std::uint64_t bytes = mine.size(); // open_to_write has compared it
    const std::string head = heading(step, bytes);
    const std::uint64_t checksum = checksum_of(call, mine, head, bytes);
    if (read_back) {
        // A hint only: file systems in memory keep their pages, and others keep pages that are not
        // yet written.
        call.on_first_rank([&] { ::posix_fadvise(mine.descriptor(), 0, 0, POSIX_FADV_DONTNEED); });
        const std::uint64_t again = checksum_of(call, mine, head, bytes);
        call.agree([&] {
            if (again != checksum)
                refuse(fmt::format("what the disk gives back of {} is not what was written", file));
        });
    }
    call.on_first_rank([&] {
        const std::string text = seal_text(head, checksum);
        mine.write(0, text.data(), text.size());
        mine.finish();
    });
}

std::string problem_of_sealed(const std::shared_ptr<team_core>& team, const std::string& file,
                              std::int64_t step) {
    const collective_io call(team, file);
    try {
        const posix_file mine = call.open_to_read(file);
        const std::uint64_t bytes = mine.size();
        std::string found(seal_bytes, '\0');
        call.agree([&] {
            if (bytes < seal_bytes) refuse("it is truncated");
            mine.read(0, found.data(), found.size());
            if (!found.starts_with(first_line)) refuse("it is no checkpoint");
        });
        const std::string head = heading(step, bytes);
        const std::uint64_t checksum = checksum_of(call, mine, head, bytes);
        call.agree([&] {
            if (found != seal_text(head, checksum)) refuse("it is damaged: its checksum differs");
        });
        return {};
    } catch (const error& failure) {
        if (failure.code() != errc::io) throw;
        return cause_of(failure);
    }
}

} // namespace nodespan::detail
