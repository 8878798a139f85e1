#pragma once

#include "nodespan/detail/together.hpp"
#include "nodespan/hdf5.hpp"
#include "nodespan/map.hpp"

#include <filesystem>
#include <span>
#include <string>

/// Hash maps in HDF5 files: a group with two datasets of one dimension, `keys` and `values`.

namespace nodespan {

/// Writes all entries of a map as the datasets `keys` and `values` of a group. Their order is that
/// of the table, and so depends on the number of ranks.
/// Call:   collective over the map's team, same arguments on all ranks, when no rank changes the
///         map. Ends an epoch.
/// Errors: as save_hdf5 of an array: both datasets are in the file, or none.
/// Cost:   a copy of all entries in arrays, and as save_hdf5 of these.
template <class K, class V>
void save_hdf5(const map<K, V>& from, const std::filesystem::path& file,
               const std::string& group = "map", const save_options& options = {}) {
    static_assert(storable<K> && storable<V>,
                  "save_hdf5(map<K, V>): K or V is no type that files hold; see storable");
    const auto entries = from.entries();
    hdf5_writer writer(from.get_team(), file, options.mode);
    writer.save(entries.first, group + "/keys", options);
    writer.save(entries.second, group + "/values", options);
    writer.commit();
}

/// Replaces what is in a map by the entries in a file, whichever program wrote them, with how many
/// ranks and nodes.
/// Call:   collective over the map's team, same arguments on all ranks; no rank uses the map
///         meanwhile. Ends an epoch.
/// Errors: as open_hdf5 of the two arrays, if there are none or they are of other types;
///         errc::size_mismatch (not as many values as keys), errc::no_capacity (more keys than the
///         map has room for): the map is then as it was. errc::invalid_argument (a key is there
///         twice), and errc::no_capacity of a node: the map is then empty. All on all ranks.
/// Cost:   two arrays of the entries, and a batch insertion.
template <class K, class V>
void load_hdf5(map<K, V>& to, const std::filesystem::path& file, const std::string& group = "map") {
    static_assert(storable<K> && storable<V>,
                  "load_hdf5(map<K, V>): K or V is no type that files hold; see storable");
    const auto refused = [&](errc code, const std::string& cause) {
        return error(code, "load_hdf5(map, " + file.string() + ", " + group + "): " + cause, true);
    };
    team& everyone = to.get_team();
    const array<K, 1> keys = open_hdf5<K, 1>(everyone, file, group + "/keys");
    const array<V, 1> values = open_hdf5<V, 1>(everyone, file, group + "/values");
    if (keys.size() != values.size())
        throw refused(errc::size_mismatch, std::to_string(keys.size()) + " keys, but " +
                                               std::to_string(values.size()) + " values");
    if (keys.size() > to.capacity())
        throw refused(errc::no_capacity,
                      std::to_string(keys.size()) + " keys for a map with a capacity of " +
                          std::to_string(to.capacity()) + "; make it with a larger one");
    to.clear();
    try {
        const auto mine = keys.local();
        const auto with = values.local();
        const auto count = static_cast<std::size_t>(mine.size());
        const index_t inserted = to.insert(std::span<const K>(mine.data_handle(), count),
                                           std::span<const V>(with.data_handle(), count));
        if (inserted != keys.size())
            throw refused(errc::invalid_argument,
                          std::to_string(keys.size() - inserted) + " keys are there twice");
    } catch (const error& failure) {
        if (failure.is_collective()) to.clear();
        throw;
    }
}

} // namespace nodespan
