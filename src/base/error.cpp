#include "nodespan/error.hpp"

#include "nodespan/detail/owned.hpp"

namespace nodespan {
namespace {

class own_category_type final : public std::error_category {
public:
    const char* name() const noexcept override { return "nodespan"; }

    std::string message(int code) const override {
        switch (static_cast<errc>(code)) {
        case errc::invalid_argument:
            return "invalid argument";
        case errc::mismatched_arguments:
            return "arguments differ between ranks";
        case errc::out_of_range:
            return "out of range";
        case errc::size_mismatch:
            return "size mismatch";
        case errc::not_on_node:
            return "not on this node";
        case errc::no_capacity:
            return "not enough shared memory";
        case errc::not_initialized:
            return "MPI is not initialised";
        case errc::finalized:
            return "MPI is finalised";
        case errc::peer_lost:
            return "another rank left";
        case errc::io:
            return "input or output failed";
        case errc::wrong_thread:
            return "wrong thread";
        case errc::unsupported:
            return "not supported here";
        case errc::device:
            return "a GPU's driver failed";
        }
        return "unknown error " + std::to_string(code);
    }
};

thread_local std::shared_ptr<const std::string> last_error;

} // namespace

const std::error_category& own_category() noexcept {
    static const own_category_type category;
    return category;
}

error::error(std::error_code code, const std::string& message, bool collective)
    : std::system_error(code),
      message_(std::make_shared<const std::string>("nodespan: " + message)),
      collective_(collective) {
    last_error = message_;
}

const char* detail::last_error_text() noexcept {
    return last_error ? last_error->c_str() : "";
}

void detail::refuse_moved_from(const char* what) {
    throw error(errc::invalid_argument,
                std::string(what) + ": it has been moved from; use the one it was moved to");
}

} // namespace nodespan
