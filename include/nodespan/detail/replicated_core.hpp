#pragma once

#include "nodespan/box.hpp"
#include "nodespan/detail/export.hpp"
#include "nodespan/team.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace NODESPAN_EXPORT nodespan {
namespace detail {

class shared_block;

/// The part of `replicated` that need not be a template; `replicated` describes the calls.
class replicated_core {
public:
    replicated_core(team& team, const index_list& extents, std::size_t element_bytes,
                    const char* type);
    ~replicated_core();
    replicated_core(const replicated_core&) = delete;
    replicated_core& operator=(const replicated_core&) = delete;

    std::byte* data() const noexcept;
    class team& get_team() noexcept {
        return team_;
    }

    void load(const std::byte* from, std::size_t count, int root);
    void publish(int node);

private:
    void send_from(int node);

    class team team_;
    std::string name_;
    std::size_t element_bytes_;
    std::size_t bytes_ = 0;
    std::unique_ptr<shared_block> block_;
};

} // namespace detail
} // namespace nodespan
