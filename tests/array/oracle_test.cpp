// Random operations against a plain array that every rank holds. All ranks draw the same script, so
// each knows what everybody does and what must come of it. NODESPAN_TEST_SEED repeats a run.

#include <nodespan/array.hpp>

#include "array_cases.hpp"
#include "guarded_buffer.hpp"
#include "mpi_cases.hpp"
#include "oracle_cases.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <random>
#include <shared_mutex>
#include <tuple>
#include <utility>
#include <vector>

namespace {

using namespace nodespan::test;
using nodespan::accumulate_op;
using nodespan::array;
using nodespan::array_options;
using nodespan::box;
using nodespan::index_t;
using nodespan::indices;
using nodespan::request;
using nodespan::team;

std::uint64_t seed_of_this_run() {
    static const std::uint64_t seed = [] {
        const char* const given = std::getenv("NODESPAN_TEST_SEED");
        std::uint64_t drawn = given != nullptr ? std::strtoull(given, nullptr, 10)
                                               : std::random_device{}() % 1'000'000;
        MPI_Bcast(&drawn, 1, MPI_UINT64_T, 0, MPI_COMM_WORLD);
        if (world_rank() == 0)
            std::printf("NODESPAN_TEST_SEED=%llu\n", static_cast<unsigned long long>(drawn));
        return drawn;
    }();
    return seed;
}

template <class T, int N>
class oracle {
public:
    oracle(team& everyone, std::uint64_t seed, const indices<N>& extents,
           const array_options& options, random_numbers& script)
        : everyone_(everyone),
          script_(script),
          own_(seed * 64 + static_cast<std::uint64_t>(everyone.rank())),
          me_(everyone.rank()),
          whole_{{}, extents},
          array_(everyone, extents, options),
          periodic_(options.ghosts.periodic),
          expected_(static_cast<std::size_t>(whole_.size())),
          notes_(1, note{"its making", -1, whole_, 0}) {
        if (!options.zeroed) start_by_hand();
        mark_outer_ghosts();
        array_.fence();
    }

    /// Everybody writes, everybody compares.
    void step() {
        ++step_;
        draw_regions();
        for (int i = 0; i < 10; ++i) write_somewhere();
        finish(gets_);
        finish(puts_);
        array_.fence();
        for (int i = 0; i < 5; ++i) read_something();
        finish(gets_);
        array_.fence();
        if (script_.below(2) == 0) compare_ghosts();
    }

    void compare_all() {
        const note all{"the get at the end", me_, whole_, step_};
        get(all, [&](const auto& b, const auto& to) { array_.get(b, to); });
        compare_outer_ghosts();
        array_.fence();
    }

    /// Of all ranks.
    index_t operations() const { return count_; }

private:
    struct note {
        const char* operation;
        int rank;
        box<N> where;
        int step;
    };

    // Who may do what to a part of the array in this epoch.
    enum class rule { one_writer, sums, smallest, largest, swaps, locked };
    struct region {
        box<N> where;
        rule how;
        int rank; // the writer
        int node; // whose mutex
    };

    struct open_transfer {
        request pending;
        guarded_buffer<T, N> buffer;
        note what;
        std::vector<T> wanted; // of a get
    };

    // The serial array.

    std::size_t place(const indices<N>& at) const {
        index_t offset = 0;
        for (std::size_t d = 0; d < N; ++d) offset = offset * whole_.hi[d] + at[d];
        return static_cast<std::size_t>(offset);
    }
    const T& expected(const indices<N>& at) const { return expected_[place(at)]; }
    void change(const indices<N>& at, const T& value) { expected_[place(at)] = value; }

    void compare(const note& reader, const indices<N>& at, const T& got, const T& wanted) const {
        if (got == wanted) return;
        std::string history;
        for (const note& n : notes_)
            if (n.step == step_ && n.where.contains(at))
                history += fmt::format("\n  {} by rank {} on {}", n.operation, n.rank,
                                       text_of<N>(n.where));
        FAIL() << fmt::format(
            "step {}: {} by rank {} on {}: element {} of node {} is {}, expected {}; in this step "
            "there were{}",
            step_, reader.operation, reader.rank, text_of<N>(reader.where), text_of<N>(at),
            array_.owner_node(at), text_of(got), text_of(wanted), history);
    }
    void require(bool good, const note& what, const char* why) const {
        if (good) return;
        FAIL() << fmt::format("step {}: {} by rank {} on {}: {}", step_, what.operation, what.rank,
                              text_of<N>(what.where), why);
    }

    /// The operation all ranks now apply to the serial array; whether this rank does it as well.
    bool start(const char* operation, int rank, const box<N>& where) {
        notes_.push_back({operation, rank, where, step_});
        ++count_;
        return rank == me_;
    }
    index_t number() const { return static_cast<index_t>(notes_.size()); }

    static indices<N> within(const box<N>& outer, indices<N> at) {
        for (std::size_t d = 0; d < N; ++d) at[d] -= outer.lo[d];
        return at;
    }

    guarded_buffer<T, N> filled(const box<N>& b) {
        guarded_buffer<T, N> buffer = blank(b);
        index_t k = 0;
        for_each_index(
            b, [&](const indices<N>& at) { buffer[within(b, at)] = value_of<T>(number(), k++); });
        return buffer;
    }
    guarded_buffer<T, N> blank(const box<N>& b) {
        return {own_, b.extents(), value_of<T>(-1, number())};
    }

    // Elements no rule is about.

    void start_by_hand() {
        index_t k = 0;
        for_each_index(whole_, [&](const indices<N>& at) { change(at, value_of<T>(0, k++)); });
        for_each_index(array_.rank_box(),
                       [&](const indices<N>& at) { std::apply(array_, at) = expected(at); });
    }

    /// Whether a ghost is a copy, and then of what.
    bool find_original(indices<N>& at) const {
        for (std::size_t d = 0; d < N; ++d) {
            const index_t extent = whole_.hi[d];
            if (at[d] >= 0 && at[d] < extent) continue;
            if (!periodic_[d]) return false;
            at[d] = (at[d] + extent) % extent;
        }
        return true;
    }

    template <class F>
    void for_each_outer_ghost(F&& f) {
        const box<N> stored = array_.node_box_with_ghosts();
        for_each_index(stored, [&](const indices<N>& at) {
            indices<N> original = at;
            if (!find_original(original)) f(at, array_.node_with_ghosts()[within(stored, at)]);
        });
    }
    void mark_outer_ghosts() {
        if (everyone_.is_leader())
            for_each_outer_ghost([](const indices<N>&, T& ghost) { ghost = value_of<T>(-2, 3); });
    }
    void compare_outer_ghosts() {
        for_each_outer_ghost([&](const indices<N>&, const T& ghost) {
            require(ghost == value_of<T>(-2, 3), notes_.front(), "a ghost outside was written to");
        });
    }

    void compare_ghosts() {
        array_.exchange_ghosts();
        const box<N> stored = array_.node_box_with_ghosts();
        const note what{"exchange_ghosts", me_, stored, step_};
        for_each_index(stored, [&](const indices<N>& at) {
            indices<N> original = at;
            if (!find_original(original)) return;
            compare(what, original, array_.node_with_ghosts()[within(stored, at)],
                    expected(original));
        });
        count_ += everyone_.size();
        array_.fence();
    }

    // Writing.

    void draw_regions() {
        regions_.clear();
        const bool is_number = array<T, N>::is_number;
        for (const box<N>& part : random_parts(script_, whole_, 2 + script_.below(6))) {
            rule how = rule::one_writer;
            const index_t draw = script_.below(12);
            if (draw == 0) how = rule::locked;
            if (draw == 1 && is_number) how = rule::sums;
            if (draw == 2 && is_number) how = rule::sums;
            if (draw == 3 && is_number && !is_complex<T>) how = rule::smallest;
            if (draw == 4 && is_number && !is_complex<T>) how = rule::largest;
            if (draw == 5 && array<T, N>::is_addable) how = rule::swaps;
            regions_.push_back({part, how, static_cast<int>(script_.below(everyone_.size())),
                                static_cast<int>(script_.below(everyone_.nodes()))});
        }
    }

    void write_somewhere() {
        const region& r =
            regions_[static_cast<std::size_t>(script_.below(index_t(regions_.size())))];
        if (r.how == rule::one_writer) {
            write_alone(r);
            return;
        }
        // A lock that many processes want who share few cores passes on slowly.
        const int every = r.how == rule::locked && everyone_.size() > 4 ? 3 : 1;
        for (int rank = r.rank % every; rank < everyone_.size(); rank += every)
            write_together(r, rank);
    }

    void write_alone(const region& r) {
        if (r.rank == me_) finish(gets_); // what a get_async reads stays until it is done
        const box<N> b = random_box(script_, r.where);
        switch (script_.below(array<T, N>::is_number ? 11 : 7)) {
        case 0:
            return put(r.rank, b);
        case 1:
            return put_async(r.rank, b);
        case 2:
            return put_elements(r.rank, b);
        case 3:
            return scatter(r.rank, b);
        case 4:
            return write_directly(r.rank, b);
        case 5:
            return get_own(r.rank, b);
        case 6:
            return exchange_alone(r.rank, b);
        case 7:
            return scatter_add(r.rank, b);
        case 8:
            return fetch_add(r.rank, b, true);
        default:
            return accumulate(r.rank, b, static_cast<accumulate_op>(script_.below(5)));
        }
    }

    void write_together(const region& r, int rank) {
        const box<N> b = random_box(script_, r.where);
        switch (r.how) {
        case rule::smallest:
            return accumulate(rank, b, accumulate_op::min);
        case rule::largest:
            return accumulate(rank, b, accumulate_op::max);
        case rule::swaps:
            return swap(rank, b);
        case rule::locked:
            return change_under_lock(rank, b, r.node);
        default:
            break;
        }
        switch (script_.below(4)) {
        case 0:
            return scatter_add(rank, b);
        case 1:
            return fetch_add(rank, b, false);
        case 2: // MPI promises nothing for sums and swaps at once
            if (everyone_.nodes() == 1) return swap(rank, b);
            break;
        default:
            break;
        }
        accumulate(rank, b, accumulate_op::sum);
    }

    void change_to_values(const box<N>& b) {
        index_t k = 0;
        for_each_index(b, [&](const indices<N>& at) { change(at, value_of<T>(number(), k++)); });
    }

    void put(int rank, const box<N>& b) {
        const bool mine = start("put", rank, b);
        change_to_values(b);
        if (!mine) return;
        guarded_buffer<T, N> buffer = filled(b);
        buffer.as_source([&](const auto& from) { array_.put(b, from); });
    }

    void put_async(int rank, const box<N>& b) {
        const bool mine = start("put_async", rank, b);
        change_to_values(b);
        if (!mine) return;
        guarded_buffer<T, N> buffer = filled(b);
        request pending =
            buffer.as_source([&](const auto& from) { return array_.put_async(b, from); });
        puts_.push_back({std::move(pending), std::move(buffer), notes_.back(), {}});
    }

    std::vector<indices<N>> draw_places(const box<N>& b, index_t most) {
        std::vector<indices<N>> places(b.empty() ? 0
                                                 : static_cast<std::size_t>(script_.below(most)));
        for (indices<N>& at : places) at = random_index(script_, b);
        return places;
    }

    void put_elements(int rank, const box<N>& b) {
        const bool mine = start("put of an element", rank, b);
        index_t k = 0;
        for (const indices<N>& at : draw_places(b, 5)) {
            const T value = value_of<T>(number(), k++);
            change(at, value);
            if (mine) array_.put(at, value);
            if (mine) compare(notes_.back(), at, array_.get(at), value);
        }
    }

    std::vector<T> values_for(const std::vector<indices<N>>& places) const {
        std::vector<T> values(places.size());
        for (std::size_t k = 0; k < values.size(); ++k)
            values[k] = value_of<T>(number(), static_cast<index_t>(k));
        return values;
    }

    void scatter(int rank, const box<N>& b) {
        const bool mine = start("scatter", rank, b);
        const auto places = draw_places(b, 40);
        const std::vector<T> values = values_for(places);
        for (std::size_t k = 0; k < values.size(); ++k) change(places[k], values[k]);
        if (mine) array_.scatter(places, values);
    }

    void scatter_add([[maybe_unused]] int rank, [[maybe_unused]] const box<N>& b) {
        if constexpr (array<T, N>::is_number) {
            const bool mine = start("scatter_add", rank, b);
            const auto places = draw_places(b, 40);
            const std::vector<T> values = values_for(places);
            for (std::size_t k = 0; k < values.size(); ++k)
                change(places[k], added(expected(places[k]), values[k]));
            if (mine) array_.scatter_add(places, values);
        }
    }

    void accumulate([[maybe_unused]] int rank, [[maybe_unused]] const box<N>& b,
                    [[maybe_unused]] accumulate_op op) {
        if constexpr (array<T, N>::is_number) {
            if (is_complex<T> && (op == accumulate_op::min || op == accumulate_op::max))
                op = accumulate_op::sum;
            const T scales[] = {T(1), T(2), std::is_unsigned_v<T> ? T(3) : static_cast<T>(-1)};
            const bool is_product = op == accumulate_op::prod; // its factors are 1 and -1
            const T scale = is_product ? T(1) : scales[script_.below(3)];
            const bool mine = start(to_string(op), rank, b);
            guarded_buffer<T, N> buffer = blank(b);
            index_t k = 0;
            for_each_index(b, [&](const indices<N>& at) {
                const T sign = std::is_unsigned_v<T> ? T(0) : static_cast<T>(-1);
                T value = is_product ? (k % 3 == 0 ? sign : T(1)) : value_of<T>(number(), k);
                buffer[within(b, at)] = value;
                change(at, combined(op, expected(at), scaled(scale, value)));
                ++k;
            });
            if (mine)
                buffer.as_source([&](const auto& from) { array_.accumulate(b, from, op, scale); });
        }
    }

    void fetch_add([[maybe_unused]] int rank, [[maybe_unused]] const box<N>& b,
                   [[maybe_unused]] bool is_alone) {
        if constexpr (array<T, N>::is_addable) {
            const bool mine = start("fetch_add", rank, b);
            index_t k = 0;
            for (const indices<N>& at : draw_places(b, 4)) {
                const T before = expected(at), value = value_of<T>(number(), k++);
                change(at, added(before, value));
                if (!mine) continue;
                const T found = array_.fetch_add(at, value);
                if (is_alone) compare(notes_.back(), at, found, before);
            }
        }
    }

    /// Additions by compare_exchange of all ranks.
    void swap([[maybe_unused]] int rank, [[maybe_unused]] const box<N>& b) {
        if constexpr (array<T, N>::is_addable) {
            const bool mine = start("compare_exchange", rank, b);
            index_t k = 0;
            for (const indices<N>& at : draw_places(b, 4)) {
                const T value = value_of<T>(number(), k++);
                change(at, added(expected(at), value));
                T found{};
                while (mine && !array_.compare_exchange(at, found, added(found, value))) {}
            }
        }
    }

    void exchange_alone(int rank, const box<N>& b) {
        if constexpr (!array<T, N>::is_addable) {
            put_elements(rank, b);
        } else {
            const bool mine = start("compare_exchange", rank, b);
            for (const indices<N>& at : draw_places(b, 3)) {
                const T value = value_of<T>(number(), 0), wrong = added(expected(at), T(1));
                const T before = expected(at);
                change(at, value);
                if (!mine) continue;
                T found = wrong;
                require(!array_.compare_exchange(at, found, value), notes_.back(),
                        "a wrong guess was taken");
                compare(notes_.back(), at, found, before);
                require(array_.compare_exchange(at, found, value), notes_.back(),
                        "a right guess was refused");
            }
        }
    }

    void write_directly(int rank, const box<N>& b) {
        const bool mine = start("direct writes", rank, b);
        const box<N> ours = b.intersection(array_.node_box_of(everyone_.node_of(rank)));
        index_t k = 0;
        for_each_index(ours, [&](const indices<N>& at) {
            change(at, value_of<T>(number(), k++));
            if (mine) direct(at) = expected(at);
        });
    }

    /// An element of this node, by one of the ways that lead there.
    T& direct(const indices<N>& at) {
        const int owner = nodespan::detail::access::core(array_).cut().owner_rank(at);
        switch (own_.below(4)) {
        case 0:
            return std::apply(array_, at);
        case 1:
            return array_.block(owner)[within(array_.rank_box_of(owner), at)];
        case 2:
            if (owner == me_) return array_.local()[within(array_.rank_box(), at)];
            [[fallthrough]];
        default:
            return array_.node()[within(array_.node_box(), at)];
        }
    }

    void change_under_lock(int rank, const box<N>& b, int node) {
        const bool mine = start("a change under a lock", rank, b);
        const T value = value_of<T>(number(), 0);
        for_each_index(b, [&](const indices<N>& at) { change(at, added(expected(at), value)); });
        if (!mine) return;
        nodespan::mutex& lock = array_.mutex(node);
        guarded_buffer<T, N> buffer = blank(b);
        if (own_.below(3) == 0) {
            const std::shared_lock guard(lock);
            buffer.as_destination([&](const auto& to) { array_.get(b, to); });
        }
        const std::scoped_lock guard(lock);
        buffer.as_destination([&](const auto& to) { array_.get(b, to); });
        for_each_index(b, [&](const indices<N>& at) {
            T& element = buffer[within(b, at)];
            element = added(element, value);
        });
        buffer.as_source([&](const auto& from) {
            if (own_.below(2) == 0)
                array_.put_async(b, from).wait();
            else
                array_.put(b, from);
        });
    }

    // Reading.

    void get_own(int rank, const box<N>& b) {
        if (start("get of one's own", rank, b)) read(notes_.back());
    }

    void read_something() {
        count_ += everyone_.size();
        read({"get", me_, random_box(own_, whole_), step_});
    }

    void read(note what) {
        switch (own_.below(5)) {
        case 0:
            return get(what, [&](const auto& b, const auto& to) { array_.get(b, to); });
        case 1:
        case 2:
            return get_async(what);
        case 3:
            return gather(what);
        default:
            break;
        }
        const box<N> ours = what.where.intersection(array_.node_box());
        what.operation = "direct reads";
        for_each_index(ours,
                       [&](const indices<N>& at) { compare(what, at, direct(at), expected(at)); });
        if (what.where.empty()) return;
        what.operation = "get of an element";
        const indices<N> at = random_index(own_, what.where);
        compare(what, at, array_.get(at), expected(at));
    }

    template <class F>
    void get(const note& what, F&& transfer) {
        guarded_buffer<T, N> buffer = blank(what.where);
        buffer.as_destination([&](const auto& to) { transfer(what.where, to); });
        for_each_index(what.where, [&](const indices<N>& at) {
            compare(what, at, buffer[within(what.where, at)], expected(at));
        });
        require(buffer.is_intact(), what, "elements around the buffer were written to");
    }

    void get_async(note what) {
        what.operation = "get_async";
        guarded_buffer<T, N> buffer = blank(what.where);
        request pending =
            buffer.as_destination([&](const auto& to) { return array_.get_async(what.where, to); });
        std::vector<T> wanted;
        for_each_index(what.where, [&](const indices<N>& at) { wanted.push_back(expected(at)); });
        gets_.push_back({std::move(pending), std::move(buffer), what, std::move(wanted)});
    }

    void gather(note what) {
        what.operation = "gather";
        if (what.where.empty()) return;
        std::vector<indices<N>> places(static_cast<std::size_t>(own_.below(40)));
        for (indices<N>& at : places) at = random_index(own_, what.where);
        std::vector<T> values(places.size());
        array_.gather(places, values);
        for (std::size_t k = 0; k < values.size(); ++k)
            compare(what, places[k], values[k], expected(places[k]));
    }

    /// Ends transfers in any order, by waiting or by asking.
    void finish(std::vector<open_transfer>& all) {
        while (!all.empty()) {
            const auto k = static_cast<std::size_t>(own_.below(index_t(all.size())));
            open_transfer one = std::move(all[k]);
            all.erase(all.begin() + static_cast<std::ptrdiff_t>(k));
            if (own_.below(2) == 0)
                one.pending.wait();
            else
                while (!one.pending.test()) everyone_.progress();
            require(!one.pending.valid(), one.what, "the request stands for something still");
            if (&all != &gets_) continue;
            std::size_t i = 0;
            for_each_index(one.what.where, [&](const indices<N>& at) {
                compare(one.what, at, one.buffer[within(one.what.where, at)], one.wanted[i++]);
            });
            require(one.buffer.is_intact(), one.what, "elements around the buffer were written to");
        }
    }

    team& everyone_;
    random_numbers& script_; // drawn alike by all ranks
    random_numbers own_;     // what only concerns this rank
    int me_;
    box<N> whole_;
    array<T, N> array_;
    std::vector<bool> periodic_;
    std::vector<T> expected_;
    std::vector<note> notes_;
    std::vector<region> regions_;
    std::vector<open_transfer> gets_;
    std::vector<open_transfer> puts_;
    int step_ = 0;
    index_t count_ = 0;
};

template <class T, int N>
index_t compare_arrays(team& everyone, std::uint64_t seed, int arrays) {
    index_t count = 0;
    constexpr auto kind = static_cast<std::uint64_t>(nodespan::detail::kind_of<T>());
    random_numbers script(seed * 1000 + kind * 10 + N);
    for (int i = 0; i < arrays; ++i) {
        const indices<N> extents = random_extents<N>(script);
        array_options options;
        options.distribution = random_distribution<N>(script, everyone.placement(), extents);
        options.ghosts = random_ghosts<N>(script, extents);
        options.zeroed = script.below(4) != 0;
        SCOPED_TRACE(fmt::format("seed {}, {} dimensions, array {}: {}", seed, N, i,
                                 text_of<N>(extents, options)));
        oracle<T, N> run(everyone, seed + static_cast<std::uint64_t>(i), extents, options, script);
        for (int step = 0; step < 3; ++step) run.step();
        run.compare_all();
        count += run.operations();
    }
    return count;
}

template <class T>
class OracleOf : public testing::Test {};

using types = testing::Types<std::int32_t, double, std::uint8_t, std::complex<double>, record>;
TYPED_TEST_SUITE(OracleOf, types);

TYPED_TEST(OracleOf, RandomOperationsAgreeWithASerialArray) {
    const std::uint64_t seed = seed_of_this_run();
    team everyone(MPI_COMM_WORLD);

    // More ranks than cores that talk through MPI take turns at every message.
    const int rounds = everyone.size() > 4 && everyone.nodes() > 1 ? 2 : 6;

    index_t count = compare_arrays<TypeParam, 1>(everyone, seed, 3 * rounds);
    count += compare_arrays<TypeParam, 2>(everyone, seed, 3 * rounds);
    count += compare_arrays<TypeParam, 3>(everyone, seed, 2 * rounds);
    count += compare_arrays<TypeParam, 4>(everyone, seed, 2 * rounds);

    EXPECT_GE(count, 400);
    if (world_rank() == 0) std::printf("%lld operations\n", static_cast<long long>(count));
}

} // namespace
