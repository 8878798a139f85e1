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

void reference_solver::exchange() {
    requests_.assign(receives_.size() + sends_.size(), MPI_REQUEST_NULL);
    MPI_Request* request = requests_.data();
    std::vector<double>& field = fields_[now_];
    for (edge& e : receives_)
        check(MPI_Irecv(e.values.data(), static_cast<int>(e.values.size()), MPI_DOUBLE, e.rank,
                        e.tag, comm_, request++),
              "MPI_Irecv");
    for (edge& e : sends_) {
        for (index_t i = 0, k = 0; i < e.rows; ++i)
            for (index_t j = 0; j < e.columns; ++j)
                e.values[static_cast<std::size_t>(k++)] = field[at(e.row + i, e.column + j)];
        check(MPI_Isend(e.values.data(), static_cast<int>(e.values.size()), MPI_DOUBLE, e.rank,
                        e.tag, comm_, request++),
              "MPI_Isend");
    }
    check(MPI_Waitall(static_cast<int>(requests_.size()), requests_.data(), MPI_STATUSES_IGNORE),
          "MPI_Waitall");
    for (const edge& e : receives_)
        for (index_t i = 0, k = 0; i < e.rows; ++i)
            for (index_t j = 0; j < e.columns; ++j)
                field[at(e.row + i, e.column + j)] = e.values[static_cast<std::size_t>(k++)];
}

void reference_solver::step() {
    exchange();
    const std::vector<double>& from = fields_[now_];
    now_ = 1 - now_;
    std::vector<double>& to = fields_[now_];
    for (index_t i = 0; i < rows_; ++i)
        step_row(&to[at(i, 0)], &from[at(i - 1, 0)], &from[at(i, 0)], &from[at(i + 1, 0)], columns_,
                 problem_.weight_x(), problem_.weight_y());
}

} // namespace nodespan::heat
