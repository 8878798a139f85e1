#pragma once

#include <nodespan/error.hpp>

#include "messages.hpp"

#include <mpi.h>

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>

namespace nodespan::test {

inline int world_rank() {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank;
}

inline int world_size() {
    int size = 0;
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    return size;
}

/// Where this rank sits among real hosts, asked of MPI itself.
struct host_place {
    int rank = 0; ///< Among the ranks of this host.
    int size = 1; ///< Ranks of this host.

    /// Collective, as both others.
    static host_place find() {
        MPI_Comm host = MPI_COMM_NULL;
        MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &host);
        host_place place;
        MPI_Comm_rank(host, &place.rank);
        MPI_Comm_size(host, &place.size);
        MPI_Comm_free(&host);
        return place;
    }

    /// How many nodes all hosts make when cut into nodes of k ranks; k = 0: how many hosts.
    int nodes_of(int k) const {
        const int mine = rank > 0 ? 0 : k == 0 ? 1 : (size + k - 1) / k;
        int all = 0;
        MPI_Allreduce(&mine, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
        return all;
    }
};

/// What a call threw; no code, and no text, if it did not.
struct caught_error {
    std::error_code code;
    std::string text;
    bool collective = false;
};

inline caught_error caught(const std::function<void()>& call) {
    try {
        call();
    } catch (const error& failure) {
        return {failure.code(), failure.what(), failure.is_collective()};
    }
    return {};
}

/// What rank 0 of the world says.
inline std::string of_first_rank(std::string text) {
    app::broadcast_message(MPI_COMM_WORLD, text);
    return text;
}

inline std::int64_t sum_of_ranks(MPI_Comm comm, std::int64_t mine) {
    MPI_Allreduce(MPI_IN_PLACE, &mine, 1, MPI_INT64_T, MPI_SUM, comm);
    return mine;
}

/// Whether all ranks say so.
inline bool on_all_ranks(bool mine) {
    const int yes = mine ? 1 : 0;
    int all = 0;
    MPI_Allreduce(&yes, &all, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    return all == 1;
}

/// A communicator split from the world. Collective to make and to end.
class scoped_comm {
public:
    scoped_comm(int color, int key) { MPI_Comm_split(MPI_COMM_WORLD, color, key, &comm_); }
    ~scoped_comm() { MPI_Comm_free(&comm_); }
    scoped_comm(const scoped_comm&) = delete;
    scoped_comm& operator=(const scoped_comm&) = delete;

    MPI_Comm get() const noexcept { return comm_; }

private:
    MPI_Comm comm_ = MPI_COMM_NULL;
};

/// An environment variable that gets its old value back.
class scoped_variable {
public:
    scoped_variable(const char* name, const char* value) : name_(name) {
        if (const char* old = std::getenv(name)) old_ = old;
        setenv(name, value, 1);
    }
    ~scoped_variable() {
        if (old_)
            setenv(name_, old_->c_str(), 1);
        else
            unsetenv(name_);
    }
    scoped_variable(const scoped_variable&) = delete;
    scoped_variable& operator=(const scoped_variable&) = delete;

private:
    const char* name_;
    std::optional<std::string> old_;
};

} // namespace nodespan::test
