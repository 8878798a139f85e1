#include "outcome.hpp"

#include "usage.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace nodespan::acquire {
namespace {

double us(std::int64_t ns) {
    return static_cast<double>(ns) / 1000; // not times 1e-3, which JSON would show
}

std::string line_of(const latencies& waits) {
    return fmt::format("{:10.1f} {:10.1f} {:10.1f} {:10.1f}", us(waits.quantile(0.5)),
                       us(waits.quantile(0.99)), us(waits.quantile(0.999)), us(waits.most()));
}

nlohmann::ordered_json json_of(const latencies& waits) {
    return {{"p50", us(waits.quantile(0.5))},
            {"p99", us(waits.quantile(0.99))},
            {"p99.9", us(waits.quantile(0.999))},
            {"max", us(waits.most())}};
}

nlohmann::ordered_json json_of(const measured& way, const settings& chosen) {
    nlohmann::ordered_json consumers = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < way.consumers.size(); ++i) {
        const account& one = way.consumers[i];
        consumers.push_back({{"rank", i + 1},
                             {"received", one.received},
                             {"lost", one.lost},
                             {"wrong", one.wrong},
                             {"latency_us", json_of(one.waits)}});
    }
    const statistics all = way.samples();
    nlohmann::ordered_json json{{"frames", way.frames},
                                {"lost", way.lost},
                                {"seconds", way.seconds},
                                {"gigabytes_a_second", way.gigabytes_a_second(chosen)},
                                {"latency_us", json_of(way.waits())},
                                {"consumers", std::move(consumers)}};
    if (all.count > 0)
        json["samples"] = {{"min", all.least}, {"max", all.most}, {"mean", all.mean()}};
    return json;
}

std::string table_of(const measured& way, bool has_losses) {
    std::string text =
        fmt::format("  {:<10}{:>10} {:>10} {:>7} {:>10} {:>10} {:>10} {:>10}\n", "consumer",
                    "received", "lost", "wrong", "p50 [us]", "p99", "p99.9", "max");
    for (std::size_t i = 0; i < way.consumers.size(); ++i) {
        const account& one = way.consumers[i];
        text += fmt::format("  rank {:<5}{:>10} {:>10} {:>7} {}\n", i + 1, one.received,
                            has_losses ? fmt::format("{}", one.lost) : "-", one.wrong,
                            line_of(one.waits));
    }
    return text;
}

} // namespace

const char* text_of(delivery how) {
    return how == delivery::to_all ? "to_all" : "to_one";
}

const char* text_of(when_full policy) {
    return policy == when_full::block         ? "block"
           : policy == when_full::drop_newest ? "drop_newest"
                                              : "drop_oldest";
}

latencies measured::waits() const {
    latencies all;
    for (const account& one : consumers) all.add(one.waits);
    return all;
}

statistics measured::samples() const {
    statistics all;
    for (const account& one : consumers) all.add(one.samples);
    return all;
}

bool measured::is_good(const settings& chosen) const {
    std::uint64_t received = 0;
    bool good = true;
    for (const account& one : consumers) {
        received += one.received;
        good &= one.wrong == 0 && (!chosen.is_to_all() || one.received + one.lost == frames);
    }
    return good && received + lost == frames * (chosen.is_to_all() ? consumers.size() : 1);
}

std::string to_text(const outcome& result) {
    const settings& chosen = result.chosen;
    const measured& ours = result.by_ring;
    const statistics all = ours.samples();
    std::string text = fmt::format(
        "{} of {} bytes in {:.3f} s: {:.2f} GB/s{}\n"
        "{}, {}, slots: {}, consumers: {}; {} lost, {}\n\n{}",
        app::count_of(ours.frames, "frame"), chosen.frame_bytes, ours.seconds,
        ours.gigabytes_a_second(chosen),
        chosen.rate > 0 ? fmt::format(" ({:.2f} asked for)", chosen.rate) : "",
        text_of(chosen.ring.delivery), text_of(chosen.ring.when_full), chosen.ring.slots,
        ours.consumers.size(), ours.lost,
        ours.is_good(chosen) ? "all accounted for, none torn" : "FRAMES ARE WRONG OR MISSING",
        table_of(ours, chosen.is_to_all()));
    if (all.count > 0)
        text += fmt::format("\n  samples: min {}, max {}, mean {:.3f}\n", all.least, all.most,
                            all.mean());
    if (result.by_messages) {
        const measured& theirs = *result.by_messages;
        text +=
            fmt::format("\nthe same {} by MPI_Send: {:.2f} GB/s, the ring {:.2f} times as "
                        "fast{}\n\n{}",
                        app::count_of(theirs.frames, "frame"), theirs.gigabytes_a_second(chosen),
                        ours.gigabytes_a_second(chosen) / theirs.gigabytes_a_second(chosen),
                        theirs.is_good(chosen) ? "" : "; FRAMES ARE WRONG OR MISSING",
                        table_of(theirs, chosen.is_to_all()));
    }
    return text;
}

std::string to_json(const outcome& result) {
    const settings& chosen = result.chosen;
    nlohmann::ordered_json json{{"program", "nodespan-acquire"},
                                {"ranks", result.ranks},
                                {"frame_bytes", chosen.frame_bytes},
                                {"slots", chosen.ring.slots},
                                {"delivery", text_of(chosen.ring.delivery)},
                                {"policy", text_of(chosen.ring.when_full)},
                                {"rate", chosen.rate},
                                {"good", result.is_good()},
                                {"ring", json_of(result.by_ring, chosen)}};
    if (result.by_messages) json["messages"] = json_of(*result.by_messages, chosen);
    return json.dump(2);
}

} // namespace nodespan::acquire
