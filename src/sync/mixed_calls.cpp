#include "mixed_calls.hpp"

#include "nodespan/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>

// One rank changes `state` from unknown to being_written, and that rank alone writes the message
// and then stores written (release). A rank writes its own text before `told` (release), and only
// once. So who reads written, or told, with acquire may read the text.

namespace nodespan::detail {
namespace {

template <std::size_t N>
void copy_text(char (&to)[N], const std::string& text) noexcept {
    const std::size_t length = std::min(text.size(), N - 1);
    std::memcpy(to, text.data(), length);
    to[length] = '\0';
}

// Whether `word` became at least `goal` in time.
bool comes_to(const shared_word& word, std::uint32_t goal, std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (word.load(std::memory_order_acquire) < goal) {
        if (std::chrono::steady_clock::now() > end) return false;
        do_duty();
        std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    return true;
}

} // namespace

std::size_t mixed_calls::bytes(int ranks) {
    return sizeof(layout) + sizeof(line) * static_cast<std::size_t>(ranks - 1);
}

mixed_calls::mixed_calls(void* memory, int rank, int first_rank) noexcept
    : shared_(static_cast<layout*>(memory)),
      rank_(rank),
      first_rank_(first_rank) {}

std::string mixed_calls::message(int rank, const std::string& call, int other,
                                 const std::string& other_call) {
    if (rank > other) return message(other, other_call, rank, call);
    return fmt::format("ranks of a team are in different collective calls: rank {} is in {}, rank "
                       "{} in {}; all ranks must make the same calls in the same order",
                       rank, call, other, other_call);
}

void mixed_calls::show(const occasion& mine) noexcept {
    line& here = shared_->ranks[rank_];
    if (here.told.load(std::memory_order_relaxed) != 0) return;
    try {
        copy_text(here.text, mine.text());
    } catch (...) { // there is no memory for the whole text
        copy_text(here.text, mine.operation.text);
    }
    here.told.store(1, std::memory_order_release);
}

void mixed_calls::found(const occasion& mine, int other, const std::function<void()>& wake) {
    show(mine);
    std::uint32_t nobody = unknown;
    if (!shared_->state.compare_exchange_strong(nobody, being_written)) join(mine);
    wake();
    const line& there = shared_->ranks[other];
    const bool is_told = comes_to(there.told, 1, std::chrono::seconds(2));
    tell(message(first_rank_ + rank_, shared_->ranks[rank_].text, first_rank_ + other,
                 is_told ? there.text : "another call"));
    throw_message();
}

void mixed_calls::join(const occasion& mine) {
    show(mine);
    comes_to(shared_->state, written, std::chrono::seconds(4));
    throw_message();
}

void mixed_calls::tell(const std::string& message) noexcept {
    copy_text(shared_->message, message);
    shared_->state.store(written, std::memory_order_release);
}

void mixed_calls::throw_message() const {
    if (shared_->state.load(std::memory_order_acquire) != written) // who found it has died
        throw error(errc::mismatched_arguments,
                    "ranks of a team are in different collective calls");
    throw error(errc::mismatched_arguments, shared_->message);
}

} // namespace nodespan::detail
