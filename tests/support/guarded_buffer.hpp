#pragma once

#include <nodespan/view.hpp>

#include "array_cases.hpp"
#include "forked.hpp"

#include <cstddef>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

namespace nodespan::test {

/// Program memory for a patch, amid elements that a transfer must leave alone: a contiguous range,
/// rows with gaps, or any order of dimensions with gaps everywhere.
template <class T, int N>
class guarded_buffer {
public:
    guarded_buffer(random_numbers& random, const indices<N>& extents, const T& guard)
        : shape_(static_cast<shape>(random.below(3))),
          extents_(extents),
          guard_(guard) {
        indices<N> order;
        std::iota(order.begin(), order.end(), 0);
        if (shape_ == shape::any)
            for (std::size_t d = 1; d < N; ++d)
                std::swap(order[d], order[static_cast<std::size_t>(random.below(index_t(d) + 1))]);
        index_t step = shape_ == shape::any ? 1 + random.below(3) : 1;
        for (std::size_t k = N; k-- > 0;) {
            const auto d = static_cast<std::size_t>(order[k]);
            strides_[d] = step;
            step *= extents[d] + (shape_ == shape::contiguous ? 0 : random.below(4));
        }
        margin_ = random.below(6);
        index_t last = box<N>{{}, extents}.empty() ? -1 : 0;
        for (std::size_t d = 0; d < N && last >= 0; ++d) last += (extents[d] - 1) * strides_[d];
        memory_.assign(static_cast<std::size_t>(last + 1 + 2 * margin_), guard);
    }

    T& operator[](const indices<N>& at) { return memory_[place(at)]; }

    /// Calls f(destination) with what a get takes.
    template <class F>
    auto as_destination(F&& f) {
        switch (shape_) {
        case shape::contiguous:
            return f(std::span<T>(first(), static_cast<std::size_t>(box<N>{{}, extents_}.size())));
        case shape::rows:
            return f(view<T, N>(first(), extents_, strides_));
        default:
            return f(view<T, N, strided>(first(), extents_, strides_));
        }
    }

    /// Calls f(source) with what a put takes.
    template <class F>
    auto as_source(F&& f) {
        return as_destination([&](const auto& elements) {
            if constexpr (requires { elements.extents(); })
                return f(elements);
            else
                return f(std::span<const T>(elements));
        });
    }

    /// Whether the elements around the patch are as they were.
    bool is_intact() const {
        std::vector<bool> inside(memory_.size(), false);
        for_each_index(box<N>{{}, extents_},
                       [&](const indices<N>& at) { inside[place(at)] = true; });
        for (std::size_t i = 0; i < memory_.size(); ++i)
            if (!inside[i] && !(memory_[i] == guard_)) return false;
        return true;
    }

private:
    enum class shape { contiguous, rows, any };

    T* first() { return memory_.data() + margin_; }
    std::size_t place(const indices<N>& at) const {
        index_t offset = margin_;
        for (std::size_t d = 0; d < N; ++d) offset += at[d] * strides_[d];
        return static_cast<std::size_t>(offset);
    }

    shape shape_;
    indices<N> extents_;
    indices<N> strides_{};
    index_t margin_ = 0;
    T guard_;
    std::vector<T> memory_;
};

} // namespace nodespan::test
