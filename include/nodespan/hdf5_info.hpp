#pragma once

#include "nodespan/box.hpp"
#include "nodespan/detail/export.hpp"
#include "nodespan/team.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace NODESPAN_EXPORT nodespan {

/// What files say about a dataset, a group or themselves: numbers, texts, and lists of them. The
/// last two are for numbers that index_t and double do not have, such as 2^63 and 1e400; a single
/// one is a list of one, lest `{"n", 5u}` be ambiguous.
using attribute =
    std::variant<index_t, double, std::string, std::vector<index_t>, std::vector<double>,
                 std::vector<std::string>, std::vector<std::uint64_t>, std::vector<long double>>;
using attributes = std::map<std::string, attribute>;

/// A dataset as a file has it, whoever wrote it.
struct dataset_info {
    std::string path; ///< Such as /run/7/temperature.
    /// Such as float64, or {mass: float64, id: int32}; an enum, as h5py's bool is one, by its
    /// integers. What no array can hold has a name too, such as float16, texts.
    std::string type;
    /// Whether open gives an array of it, where there is memory for it and its elements are not
    /// damaged: of elements, dimensions and extents that arrays have, its filters installed, all
    /// sources and files of its elements there and long enough.
    bool is_loadable = false;
    std::vector<index_t> extents;     ///< Empty for a single value.
    std::vector<index_t> chunk;       ///< Empty unless it is stored in chunks.
    std::vector<std::string> filters; ///< Such as shuffle, deflate.
    std::uint64_t stored_bytes = 0;   ///< What it takes in the file, compressed.
    nodespan::attributes attributes;  ///< Those of kinds that `attribute` has.
};

/// All datasets of an HDF5 file, by path, each once; what links lead to in other files is not
/// listed. No elements are read.
/// Call:   any process alone, without MPI too; with a team collective, same arguments on all ranks.
/// Errors: errc::io (with HDF5's own words), errc::invalid_argument: with a team the same on all
///         ranks. In damaged files too; but see docs/files.md for what HDF5 itself does with them.
/// Cost:   some reads of some KiB for each dataset; with a team on each rank.
std::vector<dataset_info> list_datasets(const std::filesystem::path& file);
std::vector<dataset_info> list_datasets(const team& team, const std::filesystem::path& file);

/// The same of one dataset: what the name leads to, also by a link, and in another file.
dataset_info describe_dataset(const std::filesystem::path& file, const std::string& dataset);
dataset_info describe_dataset(const team& team, const std::filesystem::path& file,
                              const std::string& dataset);

/// The attributes of a dataset or group; of the file itself for "/".
/// Call:   as above.
/// Errors: as above.
attributes read_attributes(const std::filesystem::path& file, const std::string& object = "/");
attributes read_attributes(const team& team, const std::filesystem::path& file,
                           const std::string& object = "/");

} // namespace nodespan
