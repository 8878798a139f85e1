#include "by_hand.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>

namespace nodespan::bench {

void page_memory::release::operator()(double* data) const noexcept {
    std::free(data);
}

page_memory::page_memory(std::size_t bytes) {
    constexpr std::size_t page_bytes = 4096;
    const std::size_t pages = std::max<std::size_t>(1, (bytes + page_bytes - 1) / page_bytes);
    data_.reset(static_cast<double*>(std::aligned_alloc(page_bytes, pages * page_bytes)));
    if (!data_) throw std::bad_alloc();
    std::fill_n(data_.get(), pages * page_bytes / sizeof(double), 1.0);
}

void require(int code, const char* call) {
    if (code != MPI_SUCCESS) throw std::runtime_error(std::string(call) + " failed");
}

mpi_window::mpi_window(const team& team, int target, const page_memory& memory, std::size_t bytes,
                       access how)
    : target_(target),
      how_(how) {
    const bool is_target = team.rank() == target;
    require(MPI_Win_create(is_target ? memory.doubles() : nullptr,
                           static_cast<MPI_Aint>(is_target ? bytes : 0), 1, MPI_INFO_NULL,
                           team.comm(), &window_),
            "MPI_Win_create");
    if (how_ == access::always_open)
        require(MPI_Win_lock_all(MPI_MODE_NOCHECK, window_), "MPI_Win_lock_all");
}

mpi_window::~mpi_window() {
    if (std::uncaught_exceptions() > 0) return; // others may not come
    if (how_ == access::always_open) MPI_Win_unlock_all(window_);
    MPI_Win_free(&window_);
}

mpi_shared_window::mpi_shared_window(const team& team, std::size_t bytes_a_rank) {
    void* mine = nullptr;
    require(MPI_Win_allocate_shared(static_cast<MPI_Aint>(bytes_a_rank), 1, MPI_INFO_NULL,
                                    team.node_comm(), static_cast<void*>(&mine), &window_),
            "MPI_Win_allocate_shared");
}

mpi_shared_window::~mpi_shared_window() {
    if (std::uncaught_exceptions() > 0) return; // others may not come
    MPI_Win_free(&window_);
}

ready_type::ready_type(const index_list& block, const index_list& patch) {
    const index_list strides = row_major_strides(block);
    const auto bytes = [&](std::size_t d) {
        return static_cast<MPI_Aint>(strides[d]) * static_cast<MPI_Aint>(sizeof(double));
    };
    std::size_t d = patch.size() - 2;
    MPI_Type_create_hvector(static_cast<int>(patch[d]), static_cast<int>(patch[d + 1]), bytes(d),
                            MPI_DOUBLE, &type_);
    while (d-- > 0) {
        MPI_Datatype inner = type_;
        MPI_Type_create_hvector(static_cast<int>(patch[d]), 1, bytes(d), inner, &type_);
        MPI_Type_free(&inner);
    }
    require(MPI_Type_commit(&type_), "MPI_Type_commit");
}

ready_type::~ready_type() {
    MPI_Type_free(&type_);
}

bool has_node_peers(const team& team) {
    return team.nodes() == 1 && team.size() > 1;
}

bool has_several_nodes(const team& team) {
    return team.nodes() > 1;
}

bool require_node_peers(const team& team, const char* name) {
    if (has_node_peers(team)) return true;
    if (team.rank() == 0)
        std::fprintf(stderr, "%s: left out, since it needs one node of two ranks or more\n", name);
    return false;
}

int far_rank(const team& team) {
    return team.nodes() > 1 ? team.placement().first_rank(team.nodes() - 1) : team.size() - 1;
}

} // namespace nodespan::bench
