#include "list_exchange.hpp"

#include "tags.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace nodespan::detail {
namespace {

const index_t* numbers_in(const std::byte* bundle) {
    return reinterpret_cast<const index_t*>(bundle + list_room::numbers_begin);
}

// Begins a bundle; returns where its numbers go.
index_t* numbers_of(std::byte* bundle, std::uint64_t count) {
    std::memcpy(bundle, &count, sizeof count);
    return reinterpret_cast<index_t*>(bundle + list_room::numbers_begin);
}

} // namespace

list_exchange::list_exchange(const array_location& a, const index_t* places, index_t count,
                             const occasion& why)
    : a_(a),
      team_(*a.team),
      why_(why),
      places_(places),
      count_(static_cast<std::size_t>(count)),
      bytes_(a.element_bytes),
      most_(list_room::elements_in_a_turn(a.element_bytes)),
      dimensions_(static_cast<std::size_t>(a.cut->dimensions())),
      ranks_(static_cast<std::size_t>(team_.placement()->size())),
      first_here_(static_cast<std::size_t>(team_.rank() - team_.node_rank())),
      node_size_(static_cast<std::size_t>(team_.node_size())),
      finder_(place_finder::of(a)),
      counts_(ranks_),
      came_(ranks_) {}

template <class F>
void list_exchange::for_each_far(F&& f) const {
    for (std::size_t rank = 0; rank < ranks_; ++rank)
        if (!is_here(rank)) f(rank);
}

// Calls f(rank, its bundle, positions in the turn) for this rank's questions.
template <class F>
void list_exchange::for_each_bundle(F&& f) const {
    const std::byte* const out = room_->out_of(team_.node_rank());
    const std::uint32_t* position = room_->positions();
    for (std::size_t rank = 0; rank < ranks_; ++rank) {
        if (bundles_[rank].count > 0) f(rank, out + bundles_[rank].begin, position);
        position += bundles_[rank].count;
    }
}

// Returns how many turns the longest list takes, and so all ranks. What decides between the ways of
// bundles is the same on all ranks. Over TCP longer ones go in pieces, whose number must be known.
std::uint64_t list_exchange::begin(list_room& room, std::uint64_t longest) {
    room_ = &room;
    bundles_ = room.bundles_of(team_.node_rank());
    longest_ = std::min<std::size_t>(longest, most_);
    takes_all_ = list_room::takes_all(team_, longest_, bytes_) &&
                 open_messages::is_one_piece(team_, list_room::bundle_bytes(longest_, bytes_));
    return longest / most_ + (longest % most_ != 0 ? 1 : 0);
}

void list_exchange::begin_turn(std::uint64_t turn) {
    begin_ = std::min(count_, static_cast<std::size_t>(turn) * most_);
    here_ = std::min(most_, count_ - begin_);
    element_ = reinterpret_cast<index_t*>(room_->in());
    rank_ = reinterpret_cast<std::uint32_t*>(element_ + here_);
    finder_->find(places_ + begin_ * dimensions_, here_, rank_, element_, counts_.data());
    std::size_t at = 0;
    for (std::size_t rank = 0; rank < ranks_; ++rank) {
        bundles_[rank] = {at, std::exchange(counts_[rank], 0)};
        at += list_room::bundle_bytes(bundles_[rank].count, bytes_);
        if (!is_here(rank)) far_ += bundles_[rank].count;
    }
}

// After this a rank knows what comes from other nodes; it has come already, where there is room.
void list_exchange::receive_first(std::size_t most_bytes) {
    if (takes_all_)
        receive_all(most_bytes);
    else
        exchange_counts();
}

void list_exchange::receive_all(std::size_t most_bytes) {
    open_messages messages(team_, why_);
    std::size_t at = 0;
    for_each_far([&](std::size_t rank) {
        messages.receive(room_->in() + at, most_bytes, static_cast<int>(rank), tags::list_elements);
        came_[rank] = at;
        at += list_room::bundle_bytes(longest_, bytes_);
    });
    messages.wait();
    for_each_far([&](std::size_t rank) {
        std::memcpy(room_->incoming() + rank, room_->in() + came_[rank], sizeof(std::uint64_t));
    });
}

void list_exchange::exchange_counts() {
    open_messages counts(team_, why_);
    std::uint64_t* const incoming = room_->incoming();
    for_each_far([&](std::size_t rank) {
        counts.receive(reinterpret_cast<std::byte*>(incoming + rank), sizeof(std::uint64_t),
                       static_cast<int>(rank), tags::list_counts);
    });
    for_each_far([&](std::size_t rank) {
        counts.send(reinterpret_cast<const std::byte*>(&bundles_[rank].count),
                    sizeof(std::uint64_t), static_cast<int>(rank), tags::list_counts);
    });
    counts.wait();
}

// Receives bundles of other nodes, from that of rank `first` on, as many as there is room for.
// Returns the rank after the last one.
template <class Size>
std::size_t list_exchange::receive_group(std::size_t first, Size&& size_of) {
    if (takes_all_) return ranks_; // they have come
    open_messages messages(team_, why_);
    std::size_t at = 0;
    for (; first < ranks_; ++first) {
        const std::size_t count = is_here(first) ? 0 : room_->incoming()[first];
        if (count == 0) continue;
        const std::size_t whole = list_room::bundle_bytes(count, bytes_);
        if (at > 0 && at + whole > room_->in_bytes()) break;
        messages.receive(room_->in() + at, size_of(count), static_cast<int>(first),
                         tags::list_elements);
        came_[first] = at;
        at += whole;
    }
    messages.wait();
    return first;
}

// The order in which values reach an element: turn by turn, in each the ranks in their order, of
// each its list.
void list_exchange::scatter(list_room& room, std::uint64_t longest, const std::byte* from,
                            listed_kernel change) {
    const std::uint64_t turns = begin(room, longest);
    const auto size_of = [this](std::size_t count) {
        return list_room::bundle_bytes(count, bytes_);
    };
    for (std::uint64_t turn = 0; turn < turns; ++turn) {
        begin_turn(turn);
        fill(from + begin_ * bytes_);
        open_messages sends(team_, why_);
        send_bundles(sends, size_of);
        receive_first(size_of(longest_));
        team_.node_fence(why_); // the bundles of this node's ranks can be read
        change_all(change);
        sends.wait();
        team_.node_fence(why_); // they have been
    }
}

void list_exchange::fill(const std::byte* from) {
    std::byte* const out = room_->out_of(team_.node_rank());
    std::vector<index_t*> numbers(ranks_);
    std::vector<std::byte*> values(ranks_);
    for (std::size_t rank = 0; rank < ranks_; ++rank) {
        std::byte* const bundle = out + bundles_[rank].begin;
        numbers[rank] = numbers_of(bundle, bundles_[rank].count);
        values[rank] = bundle + list_room::values_begin(bundles_[rank].count);
    }
    with_size(bytes_, [&](auto size) {
        for (std::size_t i = 0; i < here_; ++i) {
            const std::size_t rank = rank_[i];
            *numbers[rank]++ = element_[i];
            std::memcpy(values[rank], from + i * size, size);
            values[rank] += static_cast<std::size_t>(size);
        }
    });
}

// Empty ones as well, to whoever does not know that they are.
template <class Size>
void list_exchange::send_bundles(open_messages& sends, Size&& size_of) {
    for_each_far([&](std::size_t rank) {
        const auto [begin, count] = bundles_[rank];
        if (count > 0 || takes_all_)
            sends.send(room_->out_of(team_.node_rank()) + begin, size_of(count),
                       static_cast<int>(rank), tags::list_elements);
    });
}

void list_exchange::change_all(listed_kernel change) {
    const auto apply = [&](const std::byte* bundle, std::size_t count) {
        change(a_.where.data, numbers_in(bundle), bundle + list_room::values_begin(count), count,
               bytes_);
    };
    const auto me = static_cast<std::size_t>(team_.rank());
    std::size_t received = 0;
    for (std::size_t rank = 0; rank < ranks_; ++rank) {
        if (is_here(rank)) {
            const int peer = static_cast<int>(rank - first_here_);
            const list_room::bundle& bundle = room_->bundles_of(peer)[me];
            apply(room_->out_of(peer) + bundle.begin, bundle.count);
        } else if (room_->incoming()[rank] > 0) {
            if (rank >= received)
                received = receive_group(rank, [this](std::size_t count) {
                    return list_room::bundle_bytes(count, bytes_);
                });
            apply(room_->in() + came_[rank], room_->incoming()[rank]);
        }
    }
}

// Elements of this node are read while questions are on their way. For others a rank of their node
// is asked, and its answer has a place behind the question.
void list_exchange::gather(list_room& room, std::uint64_t longest, std::byte* to) {
    const std::uint64_t turns = begin(room, longest);
    std::byte* const out = room.out_of(team_.node_rank());
    for (std::uint64_t turn = 0; turn < turns; ++turn) {
        begin_turn(turn);
        fill_questions(out);
        open_messages open(team_, why_);
        for_each_far([&](std::size_t rank) {
            const auto [begin, count] = bundles_[rank];
            if (count > 0)
                open.receive(out + begin + list_room::values_begin(count), count * bytes_,
                             static_cast<int>(rank), tags::list_values);
        });
        send_bundles(open, list_room::values_begin);
        load_here(to + begin_ * bytes_);
        receive_first(list_room::values_begin(longest_));
        answer();
        open.wait();
        take_answers(to + begin_ * bytes_);
    }
}

// Elements of the own node are sorted as well: a branch that nobody can foresee costs more.
void list_exchange::fill_questions(std::byte* out) {
    std::size_t at = 0;
    std::vector<index_t*> numbers(ranks_);
    std::vector<std::uint32_t*> positions(ranks_);
    for (std::size_t rank = 0; rank < ranks_; ++rank) {
        numbers[rank] = numbers_of(out + bundles_[rank].begin, bundles_[rank].count);
        positions[rank] = room_->positions() + at;
        at += bundles_[rank].count;
    }
    for (std::size_t i = 0; i < here_; ++i) {
        const std::size_t rank = rank_[i];
        *numbers[rank]++ = element_[i];
        *positions[rank]++ = static_cast<std::uint32_t>(i);
    }
}

void list_exchange::load_here(std::byte* to) {
    for_each_bundle([&](std::size_t rank, const std::byte* bundle, const std::uint32_t* position) {
        if (is_here(rank))
            load_listed(a_.where.data, numbers_in(bundle), to, position, bundles_[rank].count,
                        bytes_);
    });
}

void list_exchange::answer() {
    std::size_t rank = 0;
    while (rank < ranks_) {
        const std::size_t first = rank;
        rank = receive_group(first, list_room::values_begin);
        open_messages answers(team_, why_);
        for (std::size_t asker = first; asker < rank; ++asker) {
            const std::size_t count = is_here(asker) ? 0 : room_->incoming()[asker];
            if (count == 0) continue;
            std::byte* const question = room_->in() + came_[asker];
            std::byte* const values = question + list_room::values_begin(count);
            load_listed(a_.where.data, numbers_in(question), values, count, bytes_);
            answers.send(values, count * bytes_, static_cast<int>(asker), tags::list_values);
        }
        answers.wait();
    }
}

void list_exchange::take_answers(std::byte* to) {
    for_each_bundle([&](std::size_t rank, const std::byte* bundle, const std::uint32_t* position) {
        const std::size_t count = bundles_[rank].count;
        if (!is_here(rank))
            spread_listed(bundle + list_room::values_begin(count), to, position, count, bytes_);
    });
}

} // namespace nodespan::detail
