#include "reference.hpp"

#include <nodespan/error.hpp>

namespace nodespan::heat {
namespace {

void check(int code, const char* operation) {
    if (code != MPI_SUCCESS)
        throw error(std::error_code(code, mpi_category()), std::string(operation) + " failed");
}

box<2> moved(box<2> b, index_t rows, index_t columns) {
    b.lo[0] += rows;
    b.hi[0] += rows;
    b.lo[1] += columns;
    b.hi[1] += columns;
    return b;
}

box<2> grown(box<2> b, int direction) {
    --b.lo[static_cast<std::size_t>(direction)];
    ++b.hi[static_cast<std::size_t>(direction)];
    return b;
}

} // namespace

reference_solver::reference_solver(array<double, 2>& like, const problem& p)
    : problem_(p),
      comm_(like.get_team().comm()) {
    const box<2> mine = like.rank_box();
    rows_ = mine.extents()[0];
    columns_ = mine.extents()[1];
    for (auto& field : fields_)
        field.assign(static_cast<std::size_t>((rows_ + 2) * (columns_ + 2)), 0.0);
    const std::vector<double> start = scheme_amplitudes(p, 0);
    for (index_t i = 0; i < rows_; ++i)
        for (index_t j = 0; j < columns_; ++j)
            fields_[0][at(i, j)] = value(p, start, mine.lo[0] + i, mine.lo[1] + j);

    const team& everyone = like.get_team();
    if (mine.empty()) return;
    for (int rank = 0; rank < everyone.size(); ++rank) {
        const box<2> other = like.rank_box_of(rank);
        if (other.empty()) continue;
        for (int image = 0; image < 9; ++image) {
            const index_t di = image / 3 - 1, dj = image % 3 - 1;
            if ((image != 4 && !p.is_periodic) || (image == 4 && rank == everyone.rank())) continue;
            add_edges(mine, moved(other, di * p.rows, dj * p.columns), rank, image);
        }
    }
    open_sides open;
    for (const edge& e : receives_) {
        open.low[0] |= e.row < 0;
        open.high[0] |= e.row == rows_;
        open.low[1] |= e.column < 0;
        open.high[1] |= e.column == columns_;
    }
    inner_ = inside({{}, {rows_, columns_}}, open);
}

// What of `other`, seen from here, lies beside my box is received; what of mine lies beside it is
// sent. The other rank sees me in the opposite image, and calls the direction by the same number.
void reference_solver::add_edges(const box<2>& mine, const box<2>& other, int rank, int image) {
    for (int direction = 0; direction < 2; ++direction) {
        const auto line = [&](const box<2>& part, int tag) {
            return edge{rank,
                        tag,
                        part.lo[0] - mine.lo[0],
                        part.lo[1] - mine.lo[1],
                        part.extents()[0],
                        part.extents()[1],
                        std::vector<double>(static_cast<std::size_t>(part.size()))};
        };
        const box<2> ghosts = grown(mine, direction).intersection(other);
        const box<2> edges = grown(other, direction).intersection(mine);
        if (!ghosts.empty()) receives_.push_back(line(ghosts, 2 * image + direction));
        if (!edges.empty()) sends_.push_back(line(edges, 2 * (8 - image) + direction));
    }
}

double* reference_solver::memory_of(edge& e) {
    return e.rows == 1 ? &fields_[now_][at(e.row, e.column)] : e.values.data();
}

void reference_solver::start_exchange() {
    requests_.assign(receives_.size() + sends_.size(), MPI_REQUEST_NULL);
    MPI_Request* request = requests_.data();
    const std::vector<double>& field = fields_[now_];
    for (edge& e : receives_)
        check(MPI_Irecv(memory_of(e), static_cast<int>(e.values.size()), MPI_DOUBLE, e.rank, e.tag,
                        comm_, request++),
              "MPI_Irecv");
    for (edge& e : sends_) {
        for (index_t i = 0; e.rows > 1 && i < e.rows; ++i)
            e.values[static_cast<std::size_t>(i)] = field[at(e.row + i, e.column)];
        check(MPI_Isend(memory_of(e), static_cast<int>(e.values.size()), MPI_DOUBLE, e.rank, e.tag,
                        comm_, request++),
              "MPI_Isend");
    }
}

void reference_solver::finish_exchange() {
    check(MPI_Waitall(static_cast<int>(requests_.size()), requests_.data(), MPI_STATUSES_IGNORE),
          "MPI_Waitall");
    std::vector<double>& field = fields_[now_];
    for (const edge& e : receives_)
        for (index_t i = 0; e.rows > 1 && i < e.rows; ++i)
            field[at(e.row + i, e.column)] = e.values[static_cast<std::size_t>(i)];
}

void reference_solver::step() {
    const view<const double, 2> from(fields_[now_].data(), {rows_ + 2, columns_ + 2});
    const view<double, 2> to(&fields_[1 - now_][at(0, 0)], {rows_, columns_}, {columns_ + 2, 1});
    start_exchange();
    step_box(problem_, to, from, inner_);
    finish_exchange();
    step_around(problem_, to, from, inner_);
    now_ = 1 - now_;
}

} // namespace nodespan::heat
