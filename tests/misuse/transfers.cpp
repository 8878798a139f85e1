// Memory that a transfer under way still uses has a name; results are used.

#include "misuse.hpp"

#include <nodespan/nodespan.hpp>

#include <functional>
#include <span>
#include <vector>

using namespace nodespan;

std::vector<double> make_row();

// One case a line.
// clang-format off

void starts_transfers(array<double, 2>& a, array<double, 2, column_major>& by_columns) {
    const box<2> row{{0, 0}, {1, 10}};
    std::vector<double> mine = make_row();
    a.put(row, make_row()); // is done when it returns
    RIGHT(request sent = a.put_async(row, mine));
    WRONG(request sent = a.put_async(row, make_row())); // refused: deleted
    RIGHT(request came = a.get_async(row, mine));
    WRONG(request came = a.get_async(row, std::vector<double>(10))); // refused: deleted
    request spans = a.get_async(row, std::span<double>(mine)); // spans and views own nothing
    request views = a.put_async(row, a.local().patch(row));
    request strides = a.put_async(row, a.local().transposed().transposed().patch(row));
    RIGHT(request columns = by_columns.put_async(row, mine));
    WRONG(request columns = by_columns.put_async(row, make_row())); // refused: deleted
    RIGHT(request again = a.put_async(row, mine));
    WRONG(a.put_async(row, mine)); // refused: ignoring return value|nodiscard
}

void uses_results(team& everyone, array<double, 1>& a, double x) {
    std::vector<double> each{x};
    all_reduce(everyone, each); // in place
    RIGHT(x = all_reduce(everyone, x));
    WRONG(all_reduce(everyone, x)); // refused: ignoring return value
    RIGHT(x = sum(a));
    WRONG(sum(a)); // refused: ignoring return value
    RIGHT(x = min(a) + max(a) + fmin(a) + fmax(a));
    WRONG(min(a)); // refused: ignoring return value
    WRONG(max(a)); // refused: ignoring return value
    WRONG(fmin(a)); // refused: ignoring return value
    WRONG(fmax(a)); // refused: ignoring return value
    RIGHT(x = dot(a, a));
    WRONG(dot(a, a)); // refused: ignoring return value
    RIGHT(x = reduce(a, std::plus<>(), 0.0));
    WRONG(reduce(a, std::plus<>(), 0.0)); // refused: ignoring return value
    RIGHT(x = a.get({0}));
    WRONG(a.get({0})); // refused: ignoring return value
    a.fetch_add({0}, 1); // has an effect of its own
    RIGHT(each = to_vector(a));
    WRONG(to_vector(a)); // refused: ignoring return value
    RIGHT(const auto other = zeros_like(a));
    WRONG(zeros_like(a)); // refused: ignoring return(ed)? value
    RIGHT(const team part = everyone.split(0));
    WRONG(everyone.split(0)); // refused: ignoring return(ed)? value
}

void starts_mpi(int argc, char** argv) {
    RIGHT(environment mpi(argc, argv));
    WRONG(environment{argc, argv}); // refused: ignoring (a )?(return|temporary)
}
