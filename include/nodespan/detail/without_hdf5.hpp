#pragma once

#include "nodespan/array.hpp"
#include "nodespan/map.hpp"

#include <type_traits>

// In place of nodespan/hdf5.hpp where a program does not use the component: says what is missing.
// The real ones are better matches than an ellipsis, where both are seen.

namespace nodespan {
namespace detail {

template <class...>
inline constexpr bool has_hdf5_component = false;

} // namespace detail

template <class T, int N, class Layout>
void save_hdf5(const array<T, N, Layout>&, ...) {
    static_assert(detail::has_hdf5_component<T>,
                  "save_hdf5 needs the component hdf5: find_package(nodespan COMPONENTS hdf5) and "
                  "link nodespan::hdf5, or pkg-config nodespan-hdf5");
}

template <class T, int N, class Layout>
void load_hdf5(array<T, N, Layout>&, ...) {
    static_assert(detail::has_hdf5_component<T>,
                  "load_hdf5 needs the component hdf5: find_package(nodespan COMPONENTS hdf5) and "
                  "link nodespan::hdf5, or pkg-config nodespan-hdf5");
}

template <class K, class V>
void save_hdf5(const map<K, V>&, ...) {
    static_assert(detail::has_hdf5_component<K>,
                  "save_hdf5 needs the component hdf5: find_package(nodespan COMPONENTS hdf5) and "
                  "link nodespan::hdf5, or pkg-config nodespan-hdf5");
}

template <class K, class V>
void load_hdf5(map<K, V>&, ...) {
    static_assert(detail::has_hdf5_component<K>,
                  "load_hdf5 needs the component hdf5: find_package(nodespan COMPONENTS hdf5) and "
                  "link nodespan::hdf5, or pkg-config nodespan-hdf5");
}

template <class T, int N>
array<T, N> open_hdf5(team&, ...) {
    static_assert(detail::has_hdf5_component<T>,
                  "open_hdf5 needs the component hdf5: find_package(nodespan COMPONENTS hdf5) and "
                  "link nodespan::hdf5, or pkg-config nodespan-hdf5");
}

} // namespace nodespan
