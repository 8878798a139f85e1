#pragma once

#include <nodespan/error.hpp>

#include <mpi.h>

#include <cstddef>
#include <limits>
#include <numeric>
#include <type_traits>
#include <vector>

/// Messages of which only the sender knows the length, for what does not lie in arrays: texts,
/// figures of each rank. Calls are collective over the communicator, which holds at most 2 GiB of
/// them together.

namespace nodespan::app {

/// Throws unless an MPI call went well.
inline void check_mpi(int code, const char* call) {
    if (code != MPI_SUCCESS) throw error(std::error_code(code, mpi_category()), call);
}

namespace messages {

inline int rank_in(MPI_Comm comm) {
    int rank = 0;
    check_mpi(MPI_Comm_rank(comm, &rank), "MPI_Comm_rank");
    return rank;
}

inline int size_of(MPI_Comm comm) {
    int size = 0;
    check_mpi(MPI_Comm_size(comm, &size), "MPI_Comm_size");
    return size;
}

// Where each rank's bytes lie in those of all.
struct layout {
    std::vector<int> bytes, begins;
    std::size_t total = 0;
};

inline layout layout_of(MPI_Comm comm, std::size_t mine) {
    const auto ranks = static_cast<std::size_t>(size_of(comm));
    std::vector<unsigned long long> all(ranks);
    const unsigned long long bytes = mine;
    check_mpi(MPI_Allgather(&bytes, 1, MPI_UNSIGNED_LONG_LONG, all.data(), 1,
                            MPI_UNSIGNED_LONG_LONG, comm),
              "MPI_Allgather");
    layout result;
    for (const unsigned long long one : all) {
        if (one > std::numeric_limits<int>::max() - result.total)
            throw error(errc::invalid_argument, "messages of all ranks: more than 2 GiB", true);
        result.begins.push_back(static_cast<int>(result.total));
        result.bytes.push_back(static_cast<int>(one));
        result.total += one;
    }
    return result;
}

// Each rank's part as a message of its own.
template <class Message>
std::vector<Message> cut(const Message& all, const layout& parts) {
    std::vector<Message> result;
    for (std::size_t i = 0; i < parts.bytes.size(); ++i) {
        constexpr int each = sizeof(typename Message::value_type);
        const auto begin = all.begin() + parts.begins[i] / each;
        result.emplace_back(begin, begin + parts.bytes[i] / each);
    }
    return result;
}

template <class Message>
constexpr bool is_sent_as_bytes = std::is_trivially_copyable_v<typename Message::value_type>;

} // namespace messages

/// Every rank's message (a string, or a vector of trivially copyable elements) on all ranks, in
/// rank order.
template <class Message>
std::vector<Message> all_gather_messages(MPI_Comm comm, const Message& mine) {
    static_assert(messages::is_sent_as_bytes<Message>);
    constexpr std::size_t each = sizeof(typename Message::value_type);
    const messages::layout parts = messages::layout_of(comm, mine.size() * each);
    Message all(parts.total / each, typename Message::value_type());
    check_mpi(MPI_Allgatherv(mine.data(), static_cast<int>(mine.size() * each), MPI_BYTE,
                             all.data(), parts.bytes.data(), parts.begins.data(), MPI_BYTE, comm),
              "MPI_Allgatherv");
    return messages::cut(all, parts);
}

/// The same on rank `root`; none on the others.
template <class Message>
std::vector<Message> gather_messages(MPI_Comm comm, const Message& mine, int root = 0) {
    static_assert(messages::is_sent_as_bytes<Message>);
    constexpr std::size_t each = sizeof(typename Message::value_type);
    const messages::layout parts = messages::layout_of(comm, mine.size() * each);
    const bool is_root = messages::rank_in(comm) == root;
    Message all(is_root ? parts.total / each : 0, typename Message::value_type());
    check_mpi(MPI_Gatherv(mine.data(), static_cast<int>(mine.size() * each), MPI_BYTE, all.data(),
                          parts.bytes.data(), parts.begins.data(), MPI_BYTE, root, comm),
              "MPI_Gatherv");
    return is_root ? messages::cut(all, parts) : std::vector<Message>();
}

/// The message of rank `root`, for all.
template <class Message>
void broadcast_message(MPI_Comm comm, Message& message, int root = 0) {
    static_assert(messages::is_sent_as_bytes<Message>);
    constexpr std::size_t each = sizeof(typename Message::value_type);
    const bool is_root = messages::rank_in(comm) == root;
    const auto bytes = messages::layout_of(comm, is_root ? message.size() * each : 0).total;
    message.resize(bytes / each);
    check_mpi(MPI_Bcast(message.data(), static_cast<int>(bytes), MPI_BYTE, root, comm),
              "MPI_Bcast");
}

} // namespace nodespan::app
