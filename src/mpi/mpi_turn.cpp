#include "mpi_turn.hpp"

#include "process_word.hpp"
#include "wait.hpp"

#include <atomic>

namespace nodespan::detail {
namespace {

// Several copies of the library in a process share these, or have their own where there is no
// shared word.
constinit std::atomic<int> own_turns{0}, own_holder{0};

std::atomic<int>& named(const char* name, std::atomic<int>& instead) noexcept {
    std::atomic<int>* const shared = process_word(name);
    return shared != nullptr ? *shared : instead;
}

// How many threads want turns.
std::atomic<int>& turns() noexcept {
    static std::atomic<int>& word = named("nodespan-turns", own_turns);
    return word;
}

// 1 while somebody has the turn.
std::atomic<int>& holder() noexcept {
    static std::atomic<int>& word = named("nodespan-turn-holder", own_holder);
    return word;
}

struct calls_of_thread {
    unsigned depth = 0;
    bool has_turn = false;
};
constinit thread_local calls_of_thread mine;

// Who has the turn is in MPI for a moment, but may have lost its core.
void take() noexcept {
    for (pause p(true); !mpi_turn::try_take(); p.wait()) {}
    mine.has_turn = true;
}

} // namespace

unsigned mpi_turn::depth() noexcept {
    return mine.depth;
}

void mpi_turn::enter() noexcept {
    if (mine.depth++ == 0 && are_taken()) take();
}

void mpi_turn::leave() noexcept {
    if (--mine.depth > 0 || !mine.has_turn) return;
    mine.has_turn = false;
    give_back();
}

void mpi_turn::begin_turns() noexcept {
    turns().fetch_add(1, std::memory_order_relaxed);
    if (mine.depth > 0 && !mine.has_turn) take();
}

void mpi_turn::end_turns() noexcept {
    turns().fetch_sub(1, std::memory_order_relaxed);
}

bool mpi_turn::are_taken() noexcept {
    return turns().load(std::memory_order_relaxed) > 0;
}

bool mpi_turn::try_take() noexcept {
    int nobody = 0;
    return holder().compare_exchange_strong(nobody, 1, std::memory_order_acquire,
                                            std::memory_order_relaxed);
}

void mpi_turn::give_back() noexcept {
    holder().store(0, std::memory_order_release);
}

} // namespace nodespan::detail
