// nodespan-acquire: an instrument delivers frames that other processes use in real time. One rank
// plays the instrument and writes frames into a ring in the node's shared memory; the others look
// at every sample where it lies.

#include "app.hpp"
#include "instrument.hpp"
#include "messages.hpp"
#include "outcome.hpp"
#include "results.hpp"
#include "usage.hpp"
#ifdef NODESPAN_HAS_HDF5
#include "storage.hpp"
#endif

#include <fmt/format.h>
#include <nodespan/collectives.hpp>
#include <nodespan/ring.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <thread>

namespace {

using namespace nodespan;
using namespace nodespan::acquire;

template <class T>
std::map<std::string, T> names_of(std::initializer_list<T> values) {
    std::map<std::string, T> result;
    for (const T value : values) result.emplace(text_of(value), value);
    return result;
}

template <class T>
void add_choice(CLI::App& options, const std::string& name, T& value,
                std::initializer_list<T> values, const std::string& help) {
    const std::map<std::string, T> names = names_of(values);
    std::vector<std::string> words;
    for (const auto& [word, value_of_it] : names) words.push_back(word);
    const auto choose = [&value, names](const std::string& text) { value = names.at(text); };
    options.add_option_function<std::string>(name, choose, help)
        ->type_name(app::choice_text(words))
        ->check(app::one_of(words))
        ->default_str(text_of(value));
}

void add_options(CLI::App& options, settings& chosen) {
    options
        .add_option("--frame", chosen.frame_bytes,
                    "Size of a frame, such as 4096, 64KiB, 1MiB; 64 to 2^30 bytes")
        ->type_name("SIZE")
        ->transform(CLI::AsSizeValue(false).description(""))
        ->check(app::in_range<std::size_t>({64, std::size_t{1} << 30, "bytes"}))
        ->default_str("1MiB");
    app::add_number<index_t>(options, "--frames", chosen.frames,
                             "How many; 0: as many as --seconds takes",
                             {0, index_t{1} << 40, "frames"});
    app::add_number<double>(options, "--seconds", chosen.seconds, "How long; 2 without --frames",
                            {0, 1e6, "seconds"})
        ->default_str("");
    app::add_number<double>(options, "--rate", chosen.rate,
                            "What the instrument delivers; 0: as fast as possible",
                            {0, 1e6, "GB/s"});
    app::add_number<index_t>(options, "--slots", chosen.ring.slots,
                             "Frames that may wait or be read", {1, index_t{1} << 24, "frames"});
    add_choice(options, "--delivery", chosen.ring.delivery, {delivery::to_all, delivery::to_one},
               "Every frame to all consumers (to_all), or to one of them (to_one)");
    add_choice(options, "--policy", chosen.ring.when_full,
               {when_full::block, when_full::drop_newest, when_full::drop_oldest},
               "When consumers are too slow: block, drop_newest, or drop_oldest");
    app::add_number<double>(options, "--slow", chosen.slow_ms,
                            "What the last consumer takes longer for each frame",
                            {0, 1e6, "milliseconds"});
    options.add_flag("--compare", chosen.compare,
                     "Send as many frames by MPI_Send afterwards, and compare");
#ifdef NODESPAN_HAS_HDF5
    options.add_option("--save", chosen.file, "Save frames to this HDF5 file")->type_name("FILE");
    app::add_number<index_t>(options, "--every", chosen.every, "Of how many one is saved",
                             {1, index_t{1} << 40, "frames"});
    app::add_number<index_t>(options, "--at-most", chosen.at_most,
                             "In the file; memory for so many is there from the start",
                             {1, index_t{1} << 30, "frames"});
#endif
    app::add_output_options(options, chosen.output);
    options.footer(
        "Examples:\n"
        "  mpirun -n 2 nodespan-acquire --rate 2 --compare\n"
        "  mpirun -n 4 nodespan-acquire --delivery to_one --frame 64KiB --frames 100000\n"
        "  mpirun -n 3 nodespan-acquire --rate 1 --policy drop_oldest --slow 5\n"
        "  mpirun -n 2 nodespan-acquire --rate 0.5 --save frames.h5 --every 50 --json\n\n"
        "Rank 0 plays the instrument; the others consume.\n"
        "Exit codes: 0 good, 1 failed (also a torn or wrong frame), 2 bad usage.");
}

using keeper = std::function<void(std::span<const sample>, std::uint64_t)>;

void be_slow(const team& everyone, const settings& chosen) {
    if (chosen.slow_ms > 0 && everyone.rank() == everyone.size() - 1)
        std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(chosen.slow_ms));
}

account consume(ring<sample>& from, const settings& chosen, const keeper& keep) {
    account mine;
    while (const auto frame = from.next()) {
        mine.add(frame->elements(), frame->sequence());
        if (keep) keep(frame->elements(), frame->sequence());
        be_slow(from.get_team(), chosen);
    }
    mine.lost = chosen.is_to_all() ? from.lost() : 0;
    return mine;
}

account receive(team& everyone, const settings& chosen, std::uint64_t frames) {
    std::vector<sample> buffer(chosen.frame_bytes / sizeof(sample));
    const auto consumers = static_cast<std::uint64_t>(everyone.size() - 1);
    const auto me = static_cast<std::uint64_t>(everyone.rank() - 1);
    account mine;
    for (std::uint64_t number = 0; number < frames; ++number) {
        if (!chosen.is_to_all() && number % consumers != me) continue;
        app::check_mpi(MPI_Recv(buffer.data(), static_cast<int>(chosen.frame_bytes), MPI_BYTE, 0, 0,
                                everyone.comm(), MPI_STATUS_IGNORE),
                       "MPI_Recv");
        mine.add(buffer, number);
        be_slow(everyone, chosen);
    }
    return mine;
}

// All consumers' accounts, on rank 0.
measured put_together(team& everyone, const delivery_record& record, const account& mine) {
    measured result;
    const auto all = app::gather_messages(everyone.comm(), std::vector<account>{mine});
    if (everyone.rank() != 0) return result;
    for (std::size_t rank = 1; rank < all.size(); ++rank) // rank 0 is the instrument
        result.consumers.push_back(all[rank].front());
    result.frames = record.frames;
    std::int64_t end = now_ns();
    if (record.frames > 0) {
        end = 0;
        for (const account& one : result.consumers) end = std::max(end, one.end_ns);
    }
    result.seconds = 1e-9 * static_cast<double>(std::max<std::int64_t>(1, end - record.start_ns));
    return result;
}

measured run_ring(team& everyone, const settings& chosen, const keeper& keep) {
    ring<sample> frames(everyone, static_cast<index_t>(chosen.frame_bytes / sizeof(sample)),
                        chosen.ring);
    delivery_record record;
    account mine;
    everyone.fence();
    if (frames.is_producer())
        record = deliver(frames, chosen);
    else
        mine = consume(frames, chosen, keep);
    everyone.fence(); // all have come to the end, so that losses are exact
    measured result = put_together(everyone, record, mine);
    result.lost = frames.lost();
    return result;
}

measured run_messages(team& everyone, const settings& chosen, std::uint64_t frames) {
    delivery_record record;
    account mine;
    everyone.fence();
    if (everyone.rank() == 0)
        record = send(everyone, chosen, frames);
    else
        mine = receive(everyone, chosen, frames);
    everyone.fence();
    return put_together(everyone, record, mine);
}

int run(team& everyone, const settings& chosen) {
    app::require_writable(everyone,
                          {{"--save", chosen.file, true}, app::planned_json(chosen.output)});
    keeper keep;
#ifdef NODESPAN_HAS_HDF5
    std::optional<storage> kept;
    if (!chosen.file.empty()) {
        kept.emplace(everyone, chosen);
        keep = [&kept](std::span<const sample> frame, std::uint64_t sequence) {
            if (kept->wants(sequence)) kept->keep(frame, sequence);
        };
    }
#endif
    outcome result{chosen, everyone.size(), run_ring(everyone, chosen, keep), {}};
    std::uint64_t frames = result.by_ring.frames;
    broadcast(everyone, std::span(&frames, 1));
    if (chosen.compare && frames > 0) result.by_messages = run_messages(everyone, chosen, frames);
#ifdef NODESPAN_HAS_HDF5
    if (kept) kept->save(frames);
#endif
    bool is_good = true;
    if (everyone.rank() == 0) {
        const app::exit_code printed = app::print_results(
            everyone, "nodespan-acquire", chosen.output, [&] { return to_text(result); },
            [&] { return to_json(result) + "\n"; });
        is_good = result.is_good() && printed == app::good;
    }
    broadcast(everyone, std::span(&is_good, 1));
    return is_good ? app::good : app::failed;
}

int body(team& everyone, settings& chosen) {
    const auto refuse = [&](const std::string& why) {
        if (everyone.rank() == 0) fmt::print(stderr, "nodespan-acquire: {}\n", why);
        return app::bad_usage;
    };
    if (everyone.size() < 2)
        return refuse("needs two ranks, an instrument and a consumer: mpirun -n 2 "
                      "nodespan-acquire");
    if (chosen.frame_bytes % sizeof(sample) != 0)
        return refuse(
            fmt::format("--frame {}: samples have {} bytes", chosen.frame_bytes, sizeof(sample)));
    if (chosen.frames == 0 && chosen.seconds == 0) chosen.seconds = 2;
    return run(everyone, chosen);
}

} // namespace

int main(int argc, char** argv) {
    settings chosen;
    CLI::App options("An instrument delivers frames that other processes use in real time, through "
                     "a ring in\nshared memory: measures rate, latency and losses, and checks "
                     "every sample.",
                     "nodespan-acquire");
    add_options(options, chosen);
    return app::run_app(argc, argv, options,
                        [&](team& everyone) { return body(everyone, chosen); });
}
