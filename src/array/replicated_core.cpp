#include "nodespan/detail/replicated_core.hpp"

#include "agreement.hpp"
#include "nodespan/detail/copy_bytes.hpp"
#include "race_hooks.hpp"
#include "shared_block.hpp"
#include "team_core.hpp"

#include <boost/core/demangle.hpp>
#include <boost/functional/hash.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace nodespan::detail {
namespace {

// The elements' bytes; refuses what no memory can hold.
std::size_t bytes_of(const index_list& extents, std::size_t element_bytes,
                     const std::string& name) {
    auto bytes = static_cast<index_t>(element_bytes);
    bool is_wrong = false;
    for (const index_t extent : extents)
        is_wrong |= extent < 0 || __builtin_mul_overflow(bytes, extent, &bytes);
    if (is_wrong)
        throw error(errc::invalid_argument, name + ": extents below 0, or over 2^63 bytes");
    return static_cast<std::size_t>(bytes);
}

// The properties that two calls must have in common.
std::uint64_t fingerprint(const std::string& description) {
    return boost::hash_value(description);
}

} // namespace

replicated_core::replicated_core(class team& team, const index_list& extents,
                                 std::size_t element_bytes, const char* type)
    : team_(access::another(team)),
      name_(fmt::format("replicated<{},{}>", boost::core::demangle(type), extents.size())),
      element_bytes_(element_bytes) {
    team_core& core = *access::core(team_);
    block_request request;
    request.description = fmt::format("{}({{{}}})", name_, fmt::join(extents, ", "));
    request.fingerprint = fingerprint(request.description);
    const std::optional<error> refused = attempt([&] {
        bytes_ = bytes_of(extents, element_bytes, request.description);
        request.reserved_bytes = request.node_bytes = bytes_;
        request.mine = [&] { return even_part(bytes_, core); };
        race::makes(core, request, {index_list(static_cast<int>(extents.size()), 0), extents},
                    element_bytes, 0);
    });
    block_ = std::make_unique<shared_block>(core, refused, request,
                                            shared_block::label{{}, name_, extents});
    if constexpr (race::is_checked)
        race::made(core, data(),
                   {data(),
                    name_,
                    {index_list(static_cast<int>(extents.size()), 0), extents},
                    element_bytes,
                    false,
                    0});
}

replicated_core::~replicated_core() {
    race::ends(data());
}

std::byte* replicated_core::data() const noexcept {
    return block_->data();
}

void replicated_core::load(const std::byte* from, std::size_t count, int root) {
    team_core& core = *access::core(team_);
    const std::string description = fmt::format("{}::load(root {})", name_, root);
    core.agree_on(attempt([&] {
                      if (root < 0 || root >= team_.size())
                          throw error(errc::out_of_range,
                                      fmt::format("{}: the team has ranks 0 to {}", description,
                                                  team_.size() - 1));
                      if (root == team_.rank() && count * element_bytes_ != bytes_)
                          throw error(errc::size_mismatch,
                                      fmt::format("{}: {} elements given for {}", description,
                                                  count, bytes_ / element_bytes_));
                  }),
                  fingerprint(description), description);
    if (root == team_.rank()) copy_bytes(block_->data(), from, bytes_);
    send_from(team_.placement().node_of(root));
}

void replicated_core::publish(int node) {
    const std::string description = fmt::format("{}::publish(node {})", name_, node);
    access::core(team_)->agree_on(attempt([&] {
                                      if (node < 0 || node >= team_.nodes())
                                          throw error(errc::out_of_range,
                                                      fmt::format("{}: the team has nodes 0 to {}",
                                                                  description, team_.nodes() - 1));
                                  }),
                                  fingerprint(description), description);
    send_from(node);
}

void replicated_core::send_from(int node) {
    team_core& core = *access::core(team_);
    core.broadcast(block_->data(), bytes_, node);
    if (block_->usage() == nullptr) return;
    const bool is_receiver = team_.is_leader() && team_.node() != node;
    block_->usage()->add(usage_kind::broadcast, 0, is_receiver ? bytes_ : 0);
}

} // namespace nodespan::detail
