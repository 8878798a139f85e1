#include "shared_window.hpp"

#include "agreement.hpp"
#include "mpi_check.hpp"
#include "nodespan/error.hpp"
#include "pages.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdint>
#include <sys/mman.h>
#include <utility>

namespace nodespan::detail {

shared_window shared_window::make(const window_makers& all, MPI_Comm node, const window_site& site,
                                  std::size_t bytes) {
    all.agree(refuse_window(site, bytes, fmt::format("a window of {} bytes", bytes)));
    shared_window made;
    all.agree(attempt([&] {
        std::optional<blocking_watch> watch;
        if (all.me) watch.emplace("creation of a window", *all.me, "other ranks of its node");
        made = shared_window(node, site, bytes);
    }));
    return made;
}

shared_window::shared_window(MPI_Comm node, const window_site& site, std::size_t bytes)
    : bytes_(bytes) {
    if (site.is_private)
        map_own(site);
    else
        share(node, site);
}

// Nobody shares it, so MPI is not asked: its memory would end with MPI_Finalize, under views that a
// program may still hold.
void shared_window::map_own(const window_site& site) {
    void* const mapped =
        mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) {
        const std::error_code cause(errno, std::generic_category());
        throw error(cause, fmt::format("a window of {} bytes: {}; rank {} says: {}", bytes_,
                                       cause.message(), site.rank, state_of_limits(site)));
    }
    data_ = static_cast<std::byte*>(mapped);
}

void shared_window::share(MPI_Comm node, const window_site& site) {
    // MPI aligns addresses to 8 bytes at best. So this asks for one page more and begins at the
    // next page boundary, which is the same byte for all ranks, since pages are mapped as pages.
    const std::size_t asked = site.is_leader ? bytes_ + page_bytes() : 0;
    void* address = nullptr;
    const int made = MPI_Win_allocate_shared(static_cast<MPI_Aint>(asked), 1, MPI_INFO_NULL, node,
                                             &address, &window_);
    if (made != MPI_SUCCESS) {
        const std::error_code cause(made, mpi_category());
        throw error(cause, fmt::format("MPI_Win_allocate_shared: {}; rank {} says: {}",
                                       cause.message(), site.rank, state_of_limits(site)));
    }
    mpi_check(MPI_Win_set_errhandler(window_, MPI_ERRORS_RETURN), "MPI_Win_set_errhandler");
    MPI_Aint size = 0;
    int unit = 0;
    mpi_check(MPI_Win_shared_query(window_, 0, &size, &unit, &address), "MPI_Win_shared_query");
    const auto past = reinterpret_cast<std::uintptr_t>(address) % page_bytes();
    data_ = static_cast<std::byte*>(address) + (past == 0 ? 0 : page_bytes() - past);
}

void shared_window::free() noexcept {
    if (window_ != MPI_WIN_NULL)
        MPI_Win_free(&window_); // a destructor cannot report an error
    else if (data_ != nullptr)
        munmap(data_, bytes_);
    data_ = nullptr;
    bytes_ = 0;
}

void shared_window::swap(shared_window& other) noexcept {
    std::swap(window_, other.window_);
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
}

} // namespace nodespan::detail
