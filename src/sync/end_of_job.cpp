#include "end_of_job.hpp"

#include <atomic>
#include <cstdlib>

namespace nodespan::detail {
namespace {

constinit std::atomic<void (*)()> own_abort{nullptr};

} // namespace

void set_abort(void (*end_job)()) noexcept {
    own_abort.store(end_job);
}

void end_job() noexcept {
    if (void (*const end)() = own_abort.load(); end != nullptr) end();
    std::abort();
}

} // namespace nodespan::detail
