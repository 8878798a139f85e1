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

/// The value of an attribute of a dataset, a group or a file: numbers, texts, and lists of them.
/// The last two types are for numbers that index_t and double do not have, such as 2^63 and 1e400;
/// a single such number is a list of one, because `{"n", 5u}` would otherwise be ambiguous.
using attribute =
    std::variant<index_t, double, std::string, std::vector<index_t>, std::vector<double>,
                 std::vector<std::string>, std::vector<std::uint64_t>, std::vector<long double>>;
using attributes = std::map<std::string, attribute>;

/// A dataset as a file describes it, whatever program wrote it.
struct dataset_info {
    std::string path; ///< Such as /run/7/temperature.
    /// Such as float64, or {mass: float64, id: int32}. An enum has the type of its integers; h5py's
    /// bool is an enum. Types that no array can hold have names too, such as float16, texts.
    std::string type;
    /// Whether open_hdf5 can make an array of it, given enough memory and undamaged elements:
    /// arrays have such elements, dimensions and extents, its filters are installed, and all
    /// sources and files of its elements exist and are long enough.
    bool is_loadable = false;
    std::vector<index_t> extents;     ///< Empty unless the dataset is stored in chunks.
    std::vector<index_t> chunk;       ///< Empty unless it is stored in chunks.
    std::vector<std::string> filters; ///< The bytes that it takes in the file, compressed.
    std::uint64_t stored_bytes = 0;   ///< Those of types that `attribute` has.
    nodespan::attributes attributes;  ///< Those of kinds that `attribute` has.
};

/// Lists all datasets of an HDF5 file, by path, each once. Datasets in other files, to which links
/// lead, are not listed. No elements are read.
/// Call:   any process alone, also without MPI; with a team collective, same arguments on all
///         ranks.
/// Errors: errc::io (with HDF5's own words), errc::invalid_argument: with a team the same on all
///         ranks. Also for damaged files; but see docs/files.md for what HDF5 itself does with
///         them.
/// Cost:   some reads of some KiB for each dataset; with a team on each rank.
[[nodiscard]] std::vector<dataset_info> list_datasets(const std::filesystem::path& file);
[[nodiscard]] std::vector<dataset_info> list_datasets(const team& team,
                                                      const std::filesystem::path& file);

/// The same for one dataset: the one to which the name leads, also by a link, and in another file.
[[nodiscard]] dataset_info describe_dataset(const std::filesystem::path& file,
                                            const std::string& dataset);
[[nodiscard]] dataset_info describe_dataset(const team& team, const std::filesystem::path& file,
                                            const std::string& dataset);

/// The attributes of a dataset or group; "/" stands for the file itself.
/// Call:   as above.
/// Errors: as above.
[[nodiscard]] attributes read_attributes(const std::filesystem::path& file,
                                         const std::string& object = "/");
[[nodiscard]] attributes read_attributes(const team& team, const std::filesystem::path& file,
                                         const std::string& object = "/");

} // namespace nodespan
