// The calls of inner loops allocate nothing: this program counts its operator new.

#include <nodespan/array.hpp>

#include "mpi_cases.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <new>
#include <vector>

namespace {
std::atomic<long> allocations{0};
} // namespace

// All forms: where some are not replaced a sanitizer has its own, and memory of one kind would be
// freed by the other.
// NOLINTBEGIN: what the standard asks of replaced functions
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
    allocations.fetch_add(1, std::memory_order_relaxed);
    return std::malloc(bytes);
}
void* operator new(std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    allocations.fetch_add(1, std::memory_order_relaxed);
    const auto align = static_cast<std::size_t>(alignment);
    return std::aligned_alloc(align, (bytes + align - 1) / align * align);
}
void* operator new(std::size_t bytes) {
    if (void* const memory = ::operator new(bytes, std::nothrow)) return memory;
    throw std::bad_alloc();
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
    if (void* const memory = ::operator new(bytes, alignment, std::nothrow)) return memory;
    throw std::bad_alloc();
}
void* operator new[](std::size_t bytes) {
    return ::operator new(bytes);
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
    return ::operator new(bytes, std::nothrow);
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept {
    std::free(memory);
}
void operator delete[](void* memory) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
    std::free(memory);
}
// NOLINTEND

namespace {

using namespace nodespan::test;
using nodespan::array;
using nodespan::array_options;
using nodespan::box;
using nodespan::index_t;
using nodespan::team;

// Allocations in ten calls of f, after three that may fill what is kept.
template <class F>
long allocations_of(F&& f) {
    for (int i = 0; i < 3; ++i) f();
    const long before = allocations.load();
    for (int i = 0; i < 10; ++i) f();
    return allocations.load() - before;
}

// 8 x 8 elements of each rank; this one works on those of the next rank.
struct blocks {
    static array_options with_ghosts() {
        array_options options;
        options.ghosts.width = {1, 0};
        return options;
    }

    team everyone{MPI_COMM_WORLD};
    array<std::int64_t, 2> a{everyone, {8 * everyone.size(), 8}, with_ghosts()};
    index_t row = (everyone.rank() + 1) % everyone.size() * 8;
    box<2> dense{{row, 0}, {row + 8, 8}}, columns{{row, 2}, {row + 8, 5}};
    std::vector<std::int64_t> all = std::vector<std::int64_t>(64, 1);
    std::vector<std::int64_t> some = std::vector<std::int64_t>(24, 1);
};

TEST(Allocations, AreCounted) {
    EXPECT_EQ(allocations_of([] { ::operator delete(::operator new(8)); }), 10);
    EXPECT_EQ(allocations_of([] { ::operator delete(::operator new(8, std::nothrow)); }), 10);
    EXPECT_EQ(allocations_of([] { ::operator delete[](::operator new[](8)); }), 10);
}

TEST(NothingIsAllocated, BySingleElements) {
    blocks b;

    EXPECT_EQ(allocations_of([&] { b.a.put({b.row, 3}, 4); }), 0);
    EXPECT_EQ(allocations_of([&] { b.all[0] = b.a.get({b.row, 3}); }), 0);
    EXPECT_EQ(allocations_of([&] { b.a.fetch_add({b.row, 3}, 1); }), 0);
    EXPECT_EQ(allocations_of([&] { b.a.compare_exchange({b.row, 4}, b.all[1], 1); }), 0);
    b.a.fence();
}

TEST(NothingIsAllocated, ByPatches) {
    blocks b;

    EXPECT_EQ(allocations_of([&] { b.a.put(b.dense, b.all); }), 0);
    EXPECT_EQ(allocations_of([&] { b.a.get(b.dense, b.all); }), 0);
    EXPECT_EQ(allocations_of([&] { b.a.put(b.columns, b.some); }), 0);
    EXPECT_EQ(allocations_of([&] { b.a.get(b.columns, b.some); }), 0);
    EXPECT_EQ(allocations_of([&] { b.a.get_async(b.columns, b.some).wait(); }), 0);
    EXPECT_EQ(allocations_of([&] { b.a.put_async(b.dense, b.all).wait(); }), 0);
    b.a.fence();
}

TEST(NothingIsAllocated, ByAccumulates) {
    blocks b;

    EXPECT_EQ(allocations_of([&] { b.a.accumulate(b.dense, b.all); }), 0);
    EXPECT_EQ(allocations_of([&] { b.a.accumulate(b.columns, b.some); }), 0);
    b.a.fence();
}

TEST(NothingIsAllocated, ByFencesAndGhosts) {
    blocks b;

    EXPECT_EQ(allocations_of([&] { b.a.fence(); }), 0);
    EXPECT_EQ(allocations_of([&] { b.a.node_fence(); }), 0);
    EXPECT_EQ(allocations_of([&] {
                  b.a.put({b.row, 3}, 4);
                  b.a.fence();
              }),
              0);
    EXPECT_EQ(allocations_of([&] { b.a.exchange_ghosts(); }), 0);
    b.a.fence();
}

TEST(NothingIsAllocated, ByLocks) {
    blocks b;

    for (int node = 0; node < b.everyone.nodes(); ++node) {
        EXPECT_EQ(allocations_of([&] { const std::scoped_lock guard(b.a.mutex(node)); }), 0);
        EXPECT_EQ(allocations_of([&] {
                      b.a.mutex(node).lock_shared();
                      b.a.mutex(node).unlock_shared();
                  }),
                  0);
    }
    b.a.fence();
}

} // namespace
