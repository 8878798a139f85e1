#include "cures.hpp"
#include "messages.hpp"
#include "window_probes.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace nodespan::info {
namespace {

using app::check_mpi;

constexpr int rows = 64, width = 8, stride = 16, calls = 20;
constexpr int elements = rows * width;
constexpr std::uint64_t untouched = 7;

// Rows with gaps between them.
class strided_type {
public:
    strided_type() {
        check_mpi(MPI_Type_vector(rows, width, stride, MPI_UINT64_T, &type_), "MPI_Type_vector");
        check_mpi(MPI_Type_commit(&type_), "MPI_Type_commit");
    }
    ~strided_type() { MPI_Type_free(&type_); }
    strided_type(const strided_type&) = delete;            // one type, freed once
    strided_type& operator=(const strided_type&) = delete; // one type, freed once

    MPI_Datatype get() const { return type_; }

private:
    MPI_Datatype type_ = MPI_DATATYPE_NULL;
};

int place_of(int element) {
    return element / width * stride + element % width;
}

void fill_exposed(trial_window& window, int rank) {
    for (int k = 0; k < rows * stride; ++k)
        window.exposed()[static_cast<std::size_t>(k)] = word_of(rank, k);
    window.sync();
}

bool has_come(const std::vector<std::uint64_t>& memory, int rank) {
    for (int e = 0; e < elements; ++e)
        if (memory[static_cast<std::size_t>(e)] != word_of(rank, place_of(e))) return false;
    return true;
}

// How many of some gets by requests end before their elements are there.
template <class Start>
int early_ends(prober& ranks, trial_window& window, Start&& start, double& seconds) {
    int early = 0;
    seconds = fastest(calls, [&](int) {
        std::ranges::fill(window.own(), 0);
        MPI_Request request = MPI_REQUEST_NULL;
        start(&request);
        check_mpi(MPI_Wait(&request, MPI_STATUS_IGNORE), "MPI_Wait");
        early += has_come(window.own(), ranks.next()) ? 0 : 1;
        window.flush(ranks.next());
    });
    return early;
}

measured try_requests(prober& ranks, trial_window& window) {
    const strided_type type;
    measured result;
    const int early = early_ends(
        ranks, window,
        [&](MPI_Request* request) {
            check_mpi(MPI_Rget(window.own().data(), elements, MPI_UINT64_T, ranks.next(), 0, 1,
                               type.get(), window.handle(), request),
                      "MPI_Rget");
        },
        result.seconds);
    if (early == 0) return result;
    const std::string seen = fmt::format(
        "{} of {} requests of MPI_Rget ended before their elements had come", early, calls);
    if (ranks.info().mpi_library.starts_with("Open MPI")) fail(seen);
    const int others = early_ends(
        ranks, window,
        [&](MPI_Request* request) {
            check_mpi(MPI_Rget_accumulate(nullptr, 0, MPI_BYTE, window.own().data(), elements,
                                          MPI_UINT64_T, ranks.next(), 0, 1, type.get(), MPI_NO_OP,
                                          window.handle(), request),
                      "MPI_Rget_accumulate");
        },
        result.seconds);
    if (others != 0) fail(seen + ", and of MPI_Rget_accumulate too");
    result.slow = seen + "; MPI_Rget_accumulate is right";
    return result;
}

} // namespace

void probe_strided_put(prober& ranks, trial_window& window) {
    ranks.run(
        {"strided put", cures::transfer},
        [&] {
            std::ranges::fill(window.exposed(), untouched);
            window.sync();
            for (int e = 0; e < elements; ++e)
                window.own()[static_cast<std::size_t>(e)] = word_of(ranks.rank(), e);
        },
        [&] {
            const strided_type type;
            return measured{fastest(calls,
                                    [&](int) {
                                        check_mpi(MPI_Put(window.own().data(), elements,
                                                          MPI_UINT64_T, ranks.next(), 0, 1,
                                                          type.get(), window.handle()),
                                                  "MPI_Put");
                                        window.flush(ranks.next());
                                    }),
                            0, ""};
        },
        [&] {
            window.sync();
            for (int k = 0; k < rows * stride && ranks.acts(); ++k) {
                const bool is_gap = k % stride >= width;
                const int element = k / stride * width + k % stride;
                if (window.exposed()[static_cast<std::size_t>(k)] !=
                    (is_gap ? untouched : word_of(ranks.from(), element)))
                    fail(fmt::format("word {} is not right, {}", k,
                                     is_gap ? "in a gap" : "in a row"));
            }
        });
}

void probe_strided_get(prober& ranks, trial_window& window) {
    ranks.run(
        {"strided get", cures::transfer},
        [&] {
            fill_exposed(window, ranks.rank());
            std::ranges::fill(window.own(), 0);
        },
        [&] {
            const strided_type type;
            return measured{fastest(calls,
                                    [&](int) {
                                        check_mpi(MPI_Get(window.own().data(), elements,
                                                          MPI_UINT64_T, ranks.next(), 0, 1,
                                                          type.get(), window.handle()),
                                                  "MPI_Get");
                                        window.flush(ranks.next());
                                    }),
                            0, ""};
        },
        [&] {
            if (ranks.acts() && !has_come(window.own(), ranks.next()))
                fail("the elements are not those of the target");
        });
}

void probe_request(prober& ranks, trial_window& window) {
    ranks.run(
        {"strided get, request", cures::transfer, cures::early_request},
        [&] { fill_exposed(window, ranks.rank()); }, [&] { return try_requests(ranks, window); },
        [] {});
}

} // namespace nodespan::info
