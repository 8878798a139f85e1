#include "outcome.hpp"

#include "usage.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace nodespan::convert {
namespace {

using json = nlohmann::ordered_json;

std::string name_of(const place& where) {
    return where.dataset.empty() ? where.file : where.file + ":" + where.dataset;
}

bool is_integer(const outcome& result) {
    const char kind = detail::facts_of(*result.what.type).kind;
    return kind == 'i' || kind == 'u' || kind == 'b';
}

json number(const outcome& result, long double x) {
    if (!is_integer(result)) return static_cast<double>(x);
    if (x < 0) return static_cast<std::int64_t>(x);
    return static_cast<std::uint64_t>(x);
}

std::string number_text(const outcome& result, long double x) {
    const json value = number(result, x);
    return value.is_number_float() ? fmt::format("{}", static_cast<double>(x)) : value.dump();
}

double mean_of(const statistics& all) {
    return static_cast<double>(all.sum / static_cast<long double>(all.count));
}

} // namespace

std::string to_text(const outcome& result) {
    std::string text = fmt::format("{}: {} {}\n", name_of(result.from), result.what.type_name,
                                   braces(result.what.extents));
    if (const auto& all = result.numbers) {
        const bool is_complex = detail::facts_of(*result.what.type).kind == 'c';
        if (all->count > 0)
            text += fmt::format("  {}min {}, max {}, mean {:.6g}", is_complex ? "magnitudes: " : "",
                                number_text(result, all->least), number_text(result, all->most),
                                mean_of(*all));
        else
            text += "  no numbers";
        text += all->nans > 0 ? fmt::format(", {} NaN\n", all->nans) : ", no NaN\n";
    }
    return text + fmt::format("{}: written; read in {:.3g} s, written in {:.3g} s, {}\n",
                              name_of(result.to), result.read_seconds, result.write_seconds,
                              app::size_text(result.ranks, result.nodes));
}

std::string to_json(const outcome& result) {
    json j{{"program", "nodespan-convert"},
           {"from", name_of(result.from)},
           {"to", name_of(result.to)},
           {"type", result.what.type_name},
           {"extents", result.what.extents},
           {"ranks", result.ranks},
           {"nodes", result.nodes},
           {"read_seconds", result.read_seconds},
           {"write_seconds", result.write_seconds}};
    if (const auto& all = result.numbers) {
        j["nans"] = all->nans;
        if (all->count > 0) {
            j["min"] = number(result, all->least);
            j["max"] = number(result, all->most);
            j["mean"] = mean_of(*all);
        }
    }
    return j.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

} // namespace nodespan::convert
