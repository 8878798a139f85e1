// A program from the start of MPI to its end. What leaves its body is caught here; then all ranks
// say how they ended, and rank 0 prints what is worth a line. A rank that failed does not wait for
// ever for the others to say so: they may be in MPI_Barrier.
#include "nodespan/run.hpp"

#include "blocking_watch.hpp"
#include "cause_of.hpp"
#include "mpi_check.hpp"
#include "mpi_turn.hpp"
#include "mpi_wait.hpp"
#include "nodespan/error.hpp"
#include "occasion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

namespace nodespan::detail {
namespace {

constexpr int good = 0, failed = 1;

// How a rank ended; the larger one says more about why the program did.
enum class ending : int { returned, lost_a_peer, failed_together, failed_alone };

// What a rank tells the others, of one size.
struct outcome {
    ending how = ending::returned;
    int code = good;
    std::array<char, 1000> text{};
};

outcome failure_of(ending how, std::string_view what) {
    what = without_name(what);
    outcome result{how, failed, {}};
    std::copy_n(what.begin(), std::min(what.size(), result.text.size() - 1), result.text.begin());
    return result;
}

// One write, so that lines of several ranks do not mix.
void say(const std::string& program, const std::string& line) noexcept {
    const std::string whole = program + ": " + line + "\n";
    static_cast<void>(!::write(STDERR_FILENO, whole.data(), whole.size())); // nobody left to tell
}

// One line for each text: of the ending that says most, and of no other.
void print(const std::string& program, const std::vector<outcome>& all) {
    ending worst = ending::returned;
    for (const outcome& one : all) worst = std::max(worst, one.how);
    if (worst == ending::returned) return;
    std::map<std::string, std::vector<int>> ranks_of;
    for (std::size_t rank = 0; rank < all.size(); ++rank)
        if (all[rank].how == worst)
            ranks_of[all[rank].text.data()].push_back(static_cast<int>(rank));
    for (const auto& [text, ranks] : ranks_of)
        say(program, worst == ending::failed_together ? text : list_of_ranks(ranks) + ": " + text);
}

bool wants_trace() {
    const char* const text = std::getenv("NODESPAN_TRACE");
    return text != nullptr && std::strcmp(text, "1") == 0;
}

// Runs the body with a team. A team is left by the exception of a rank that throws alone, from
// which others learn that it will not come; an error that all have thrown together ends it in
// order.
outcome ending_of(const team_options& options, const std::function<int(team&)>& body) {
    const auto run = [&] {
        team everyone(MPI_COMM_WORLD, options);
        try {
            return outcome{ending::returned, body(everyone), {}};
        } catch (const error& failure) {
            if (!failure.is_collective() || failure.code() == errc::peer_lost) throw;
            return failure_of(ending::failed_together, failure.what());
        }
    };
    try {
        return run();
    } catch (const error& failure) {
        const ending how = failure.code() == errc::peer_lost ? ending::lost_a_peer
                           : failure.is_collective()         ? ending::failed_together
                                                             : ending::failed_alone;
        return failure_of(how, failure.what());
    } catch (const std::exception& failure) {
        return failure_of(ending::failed_alone, failure.what());
    } catch (...) {
        return failure_of(ending::failed_alone, "an exception of unknown type");
    }
}

// A stack trace is of where it was thrown, if nothing on the way would catch it.
int traced(const team_options& options, const std::function<int(team&)>& body) noexcept {
    team everyone(MPI_COMM_WORLD, options);
    return body(everyone);
}

thread_level enough_for(progress_by option, thread_level wanted) {
    if (option == progress_by::thread) return thread_level::multiple;
    return option == progress_by::serialized_thread ? std::max(wanted, thread_level::serialized)
                                                    : wanted;
}

[[noreturn]] void abort_job(const std::string& program, int rank, const outcome& mine) {
    say(program, fmt::format("rank {}: {}", rank, mine.text.data()));
    MPI_Abort(MPI_COMM_WORLD, failed);
    std::_Exit(failed); // MPI_Abort does not return, but its declaration does not say so
}

// Ranks that failed wait so long for others to end as well; those that were told of it have more
// time than the one that has something to say.
std::chrono::milliseconds grace_of(ending how) {
    return how == ending::failed_alone ? std::chrono::seconds(2) : std::chrono::seconds(10);
}

// Brings all outcomes to rank 0, which prints them, and returns whether any rank has failed. Waits
// as long as it takes where this rank is well: then a failed one will end the job.
class last_words {
public:
    explicit last_words(std::string program) : program_(std::move(program)) {
        mpi_check(MPI_Comm_rank(MPI_COMM_WORLD, &rank_), "MPI_Comm_rank");
        const blocking_watch watch("run (MPI_Comm_dup)", {rank_, nullptr, nullptr}, "other ranks");
        mpi_check(MPI_Comm_dup(MPI_COMM_WORLD, &comm_), "MPI_Comm_dup");
    }

    int exchange(const outcome& mine) {
        const mpi_turn call; // a team may have been left behind
        int ranks = 0;
        mpi_check(MPI_Comm_size(comm_, &ranks), "MPI_Comm_size");
        lent_memory<std::vector<outcome>> all(
            std::vector<outcome>(rank_ == 0 ? static_cast<std::size_t>(ranks) : 0));
        lent_memory<outcome> sent{outcome(mine)};
        constexpr int bytes = sizeof(outcome);
        all.lend();
        sent.lend();
        MPI_Request request = MPI_REQUEST_NULL;
        mpi_check(
            MPI_Igather(&*sent, bytes, MPI_BYTE, all->data(), bytes, MPI_BYTE, 0, comm_, &request),
            "MPI_Igather");
        wait(request, mine);
        if (rank_ == 0) print(program_, *all);
        lent_memory<int> anyone_failed{int{0}};
        if (rank_ == 0)
            *anyone_failed = std::ranges::any_of(
                *all, [](const outcome& one) { return one.how != ending::returned; });
        anyone_failed.lend();
        mpi_check(MPI_Ibcast(&*anyone_failed, 1, MPI_INT, 0, comm_, &request), "MPI_Ibcast");
        wait(request, mine);
        all.mine_again();
        sent.mine_again();
        anyone_failed.mine_again();
        return *anyone_failed != 0 ? failed : mine.code;
    }

private:
    void wait(MPI_Request& request, const outcome& mine) const {
        const auto start = std::chrono::steady_clock::now();
        mpi_check(wait_for({&request, 1}, pause(true),
                           [&] {
                               if (mine.how != ending::returned &&
                                   std::chrono::steady_clock::now() - start > grace_of(mine.how))
                                   abort_job(program_, rank_, mine);
                           }),
                  "the end of run");
    }

    std::string program_;
    int rank_ = 0;
    MPI_Comm comm_ = MPI_COMM_NULL; // ends with MPI
};

} // namespace

int run_program(int& argc, char**& argv, thread_level wanted, const std::function<int(team&)>& body,
                const std::string& name, const team_options& options) {
    try {
        environment mpi(argc, argv, enough_for(options.progress, wanted));
        if (wants_trace()) return traced(options, body);
        last_words end(name);
        const outcome mine = ending_of(options, body);
        return end.exchange(mine);
    } catch (const std::exception& failure) { // MPI itself does not work
        say(name, failure_of(ending::failed_alone, failure.what()).text.data());
        return failed;
    }
}

} // namespace nodespan::detail
