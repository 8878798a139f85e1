#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace nodespan::ensemble {

/// Random numbers that are the same with every compiler and standard library, which the
/// distributions of <random> are not: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
class random_stream {
public:
    /// A stream of its own for every (seed, a, b), for example (seed, model, epoch).
    explicit random_stream(std::uint64_t seed, std::uint64_t a = 0, std::uint64_t b = 0)
        : state_(seed) {
        state_ = next() ^ a;
        state_ = next() ^ b;
    }

    std::uint64_t next() {
        state_ += 0x9e3779b97f4a7c15U;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31U);
    }

    /// Uniform in [0, 1).
    double uniform() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }

    /// Uniform in [0, count), count > 0; the bias, count / 2^53, does not matter here.
    std::size_t below(std::size_t count) {
        return static_cast<std::size_t>(uniform() * static_cast<double>(count));
    }

private:
    std::uint64_t state_;
};

/// Fisher-Yates shuffle.
template <class T>
void shuffle(std::vector<T>& items, random_stream& random) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[random.below(i)]);
}

} // namespace nodespan::ensemble
