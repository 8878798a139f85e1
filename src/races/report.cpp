#include "report.hpp"

#include "end_of_job.hpp"
#include "ghosts.hpp"
#include "host_name.hpp"
#include "sites.hpp"
#include "team_core.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace nodespan::detail::race {
namespace {

enum class wish { warn, abort, count };

wish wanted() {
    static const wish result = [] {
        const char* const text = std::getenv("NODESPAN_RACES");
        if (text == nullptr || std::strcmp(text, "warn") == 0) return wish::warn;
        if (std::strcmp(text, "abort") == 0) return wish::abort;
        if (std::strcmp(text, "count") == 0) return wish::count;
        std::fprintf(stderr,
                     "nodespan: NODESPAN_RACES=%s: it may be warn, abort or count; taken as warn\n",
                     text);
        return wish::warn;
    }();
    return result;
}

const char* text_of(op what) {
    switch (what) {
    case op::read:
        return "reads it";
    case op::write:
        return "writes it";
    case op::atomic:
        return "changes it atomically";
    case op::copy_from:
        return "reads it by memcpy";
    case op::copy_to:
        return "writes it by memcpy or memset";
    case op::get:
        return "gets it";
    case op::put:
        return "puts it";
    case op::accumulate:
        return "accumulates onto it";
    case op::gather:
        return "gathers it";
    case op::scatter:
        return "scatters to it";
    case op::scatter_add:
        return "adds to it by scatter_add";
    case op::fetch_add:
        return "adds to it by fetch_add";
    case op::compare_exchange:
        return "changes it by compare_exchange";
    case op::get_async:
        return "gets it by get_async";
    case op::put_async:
        return "puts it by put_async";
    case op::ghost_sent:
        return "sends it to be a ghost";
    case op::ghost_brought:
        return "brings it as a ghost";
    case op::collective_read:
        return "gives it to a collective call";
    case op::collective_write:
        return "combines it in a collective call";
    case op::intent_read:
        return "reads it, as its reading() says";
    case op::intent_write:
        return "writes it, as its writing() says";
    }
    return "accesses it";
}

std::string index_text(const region& r, std::size_t at) {
    const index_list extents = r.what.stored.extents();
    index_list index = r.what.stored.lo;
    auto left = static_cast<index_t>(at);
    for (std::size_t d = extents.size(); d-- > 0;) {
        if (extents[d] == 0) continue;
        index[d] += left % extents[d];
        left /= extents[d];
        if (r.ghosts && r.ghosts->extents[d] > 0) { // beyond an edge: the copy of another element
            const index_t extent = r.ghosts->extents[d];
            index[d] = (index[d] % extent + extent) % extent;
        }
    }
    std::string text;
    for (std::size_t d = 0; d < index.size(); ++d) {
        const std::size_t which = r.what.is_transposed ? index.size() - 1 - d : d;
        text += fmt::format("{}{}", d > 0 ? ", " : "", index[which]);
    }
    return text;
}

op op_of(const side& s) {
    return static_cast<op>(s.access.what & ~stale_flag);
}

std::string who(const side& s) {
    return fmt::format("rank {} on {}", s.rank, s.host);
}

code_place place_of(const side& s) {
    return {s.access.module, s.access.offset};
}

void write_json(const region& r, const std::string& index, std::uint64_t epoch, const side& later,
                const side& earlier) {
    const char* const name = std::getenv("NODESPAN_RACES_JSON");
    if (name == nullptr || *name == '\0') return;
    const auto of = [](const side& s) {
        const source_line line = line_of(place_of(s));
        return nlohmann::json{{"rank", s.rank},
                              {"host", s.host},
                              {"file", line.file},
                              {"line", line.line},
                              {"function", line.function},
                              {"does", text_of(op_of(s))}};
    };
    const std::string text =
        nlohmann::json{{"kind", is_stale_mark(earlier.access) ? "stale ghost" : "race"},
                       {"array", r.what.name},
                       {"element", index},
                       {"epoch", epoch},
                       {"found_by", of(later)},
                       {"against", of(earlier)}}
            .dump() +
        "\n";
    const int to = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (to < 0 || write(to, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        std::fprintf(stderr, "nodespan: NODESPAN_RACES_JSON=%s: cannot be written: %s\n", name,
                     std::strerror(errno));
    if (to >= 0) close(to);
}

std::string paragraph(const region& r, const std::string& index, std::uint64_t epoch,
                      const side& later, const side& earlier) {
    const bool is_stale = is_stale_mark(earlier.access);
    return fmt::format(
        "nodespan: {}: {}, element ({}), in epoch {}\n"
        "    {} {}{}: {}\n"
        "    {} {}{}: {}\n"
        "    {}: docs/memory_rule.md\n",
        is_stale ? "stale ghost" : "race", r.what.name, index, epoch, who(later),
        text_of(op_of(later)), is_stale ? " as a ghost" : "", line_of(place_of(later)).text(),
        who(earlier), text_of(op_of(earlier)),
        is_stale ? " in an earlier epoch, and no exchange has come since" : "",
        line_of(place_of(earlier)).text(),
        is_stale
            ? "The ghost is the element as it was before. Cure: exchange_ghosts after the fence"
            : "Nothing orders the two. Cure: a fence between them, or one lock around each");
}

std::uint64_t hash_of(const side& a, const side& b) {
    const auto one = [](const side& s) {
        std::uint64_t h = s.access.offset * 0x9E37'79B9'7F4A'7C15U ^ s.access.module;
        return (h ^ h >> 29 ^ s.access.what) * 0xBF58'476D'1CE4'E5B9U;
    };
    return one(a) + one(b);
}

// Of all teams; those of a team that goes on, as far as this process has found them.
std::atomic<std::uint32_t> known_pairs{0};

} // namespace

std::uint32_t pairs_known() noexcept {
    return known_pairs.load();
}

void forget_pairs() noexcept {
    known_pairs.store(0);
}

void report(const region& r, std::size_t at, record_id mine, record_id other, std::uintptr_t) {
    const known_team& t = *r.of;
    const placement& ranks = *t.team->placement();
    const int first = ranks.first_rank(t.team->node());
    side earlier{first + ledger::slot_of(other), host_name(), t.book->at(other)};
    if (is_stale_mark(earlier.access)) {
        earlier.rank = writer_of(earlier.access);
        const int node = ranks.node_of(earlier.rank);
        if (node != t.team->node()) earlier.host = t.team->ends().text(node);
    }
    report(r, at, {first + ledger::slot_of(mine), host_name(), t.book->at(mine)}, earlier);
}

void report(const region& r, std::size_t at, const side& later, const side& earlier) {
    known_team& t = *r.of;
    if (!t.book->is_new_pair(hash_of(later, earlier))) return;
    known_pairs.fetch_add(1);
    ++t.found_here;
    if (wanted() == wish::count) return;
    const std::string index = index_text(r, at);
    const std::string text = paragraph(r, index, t.epoch, later, earlier);
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
    write_json(r, index, t.epoch, later, earlier);
    if (wanted() == wish::abort) end_job();
}

void count_pairs(const known_team& team) noexcept {
    const std::uint32_t pairs = team.book->pairs();
    if (pairs > team.found_here) known_pairs.fetch_add(pairs - team.found_here);
    if (!team.team->is_leader()) return;
    if (pairs > 0)
        std::fprintf(stderr, "nodespan: %u race%s found on %s: pairs of places in the program\n",
                     pairs, pairs == 1 ? "" : "s", host_name().c_str());
    if (team.book->is_full())
        std::fprintf(stderr, "nodespan: the race checker ran out of room between two fences, and "
                             "did not look at all accesses: docs/races.md\n");
}

// Runs after all that the program has registered for its end.
void make_exit_code() noexcept {
    if (known_pairs.load() == 0) return;
    std::fflush(nullptr);
    _exit(66);
}

} // namespace nodespan::detail::race
