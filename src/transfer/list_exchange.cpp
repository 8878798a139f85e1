#include "list_exchange.hpp"

#include "tags.hpp"

#include <algorithm>
#include <cstring>

namespace nodespan::detail {

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

void list_exchange::begin_turn(list_room& room, std::uint64_t turn) {
    room_ = &room;
    bundles_ = room.bundles_of(team_.node_rank());
    begin_ = std::min(count_, static_cast<std::size_t>(turn) * most_);
    here_ = std::min(most_, count_ - begin_);
    element_ = reinterpret_cast<index_t*>(room.in());
    rank_ = reinterpret_cast<std::uint32_t*>(element_ + here_);
    finder_->find(places_ + begin_ * dimensions_, here_, rank_, element_);
    std::size_t at = 0;
    std::fill_n(bundles_, ranks_, list_room::bundle{});
    for (std::size_t i = 0; i < here_; ++i) ++bundles_[rank_[i]].count;
    for (std::size_t rank = 0; rank < ranks_; ++rank) {
        bundles_[rank].begin = at;
        at += list_room::bundle_bytes(bundles_[rank].count, bytes_);
        if (!is_here(rank)) far_ += bundles_[rank].count;
    }
}

// After this a rank knows what comes from other nodes.
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
void list_exchange::scatter(list_room& room, std::uint64_t turns, const std::byte* from,
                            listed_kernel change) {
    for (std::uint64_t turn = 0; turn < turns; ++turn) {
        begin_turn(room, turn);
        fill(from + begin_ * bytes_);
        open_messages sends(team_, why_);
        send_bundles(sends);
        exchange_counts();
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
        numbers[rank] = reinterpret_cast<index_t*>(bundle);
        values[rank] = bundle + list_room::numbers_bytes(bundles_[rank].count);
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

void list_exchange::send_bundles(open_messages& sends) {
    for_each_far([&](std::size_t rank) {
        if (bundles_[rank].count > 0)
            sends.send(room_->out_of(team_.node_rank()) + bundles_[rank].begin,
                       list_room::bundle_bytes(bundles_[rank].count, bytes_),
                       static_cast<int>(rank), tags::list_elements);
    });
}

void list_exchange::change_all(listed_kernel change) {
    const auto apply = [&](const std::byte* bundle, std::size_t count) {
        change(a_.where.data, reinterpret_cast<const index_t*>(bundle),
               bundle + list_room::numbers_bytes(count), count, bytes_);
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
void list_exchange::gather(list_room& room, std::uint64_t turns, std::byte* to) {
    for (std::uint64_t turn = 0; turn < turns; ++turn) {
        begin_turn(room, turn);
        std::byte* const out = room.out_of(team_.node_rank());
        fill_questions(out);
        open_messages open(team_, why_);
        for_each_far([&](std::size_t rank) {
            const auto [begin, count] = bundles_[rank];
            if (count == 0) return;
            open.receive(out + begin + list_room::numbers_bytes(count), count * bytes_,
                         static_cast<int>(rank), tags::list_values);
            open.send(out + begin, count * sizeof(index_t), static_cast<int>(rank),
                      tags::list_elements);
        });
        load_here(to + begin_ * bytes_);
        exchange_counts();
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
        numbers[rank] = reinterpret_cast<index_t*>(out + bundles_[rank].begin);
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
            load_listed(a_.where.data, reinterpret_cast<const index_t*>(bundle), to, position,
                        bundles_[rank].count, bytes_);
    });
}

void list_exchange::answer() {
    std::size_t rank = 0;
    while (rank < ranks_) {
        const std::size_t first = rank;
        rank = receive_group(first, [](std::size_t count) { return count * sizeof(index_t); });
        open_messages answers(team_, why_);
        for (std::size_t asker = first; asker < rank; ++asker) {
            const std::size_t count = is_here(asker) ? 0 : room_->incoming()[asker];
            if (count == 0) continue;
            std::byte* const question = room_->in() + came_[asker];
            std::byte* const values = question + list_room::numbers_bytes(count);
            load_listed(a_.where.data, reinterpret_cast<const index_t*>(question), values, count,
                        bytes_);
            answers.send(values, count * bytes_, static_cast<int>(asker), tags::list_values);
        }
        answers.wait();
    }
}

void list_exchange::take_answers(std::byte* to) {
    for_each_bundle([&](std::size_t rank, const std::byte* bundle, const std::uint32_t* position) {
        const std::size_t count = bundles_[rank].count;
        if (!is_here(rank))
            spread_listed(bundle + list_room::numbers_bytes(count), to, position, count, bytes_);
    });
}

} // namespace nodespan::detail
