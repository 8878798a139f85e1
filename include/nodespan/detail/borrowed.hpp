#pragma once

#include "nodespan/array.hpp"
#include "nodespan/detail/access.hpp"

namespace nodespan::detail {

/// An array that is known at run time, as array<T, N> for as long as a call takes: so what is
/// written for arrays serves programs in other languages too.
/// Needs elements of type T, N dimensions, and a core that lives as long.
template <class T, int N>
class borrowed {
public:
    explicit borrowed(const array_core& core)
        : array_(access::array_of<array<T, N>>(const_cast<array_core&>(core))) {}
    ~borrowed() { access::take_back(array_); }
    borrowed(const borrowed&) = delete;            // one owner would end it twice
    borrowed& operator=(const borrowed&) = delete; // one owner would end it twice

    array<T, N>& operator*() noexcept { return array_; }

private:
    array<T, N> array_;
};

} // namespace nodespan::detail
