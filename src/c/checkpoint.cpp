#include "nodespan/c/checkpoint.h"

#include "array.hpp"
#include "nodespan/checkpoint.hpp"
#include "stored_type.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>

using namespace nodespan;
using detail::c_call;
using detail::require_given;

struct nodespan_checkpoint_object : detail::c_object<detail::handle_kind::checkpoint> {
    nodespan_checkpoint_object(const team& given, const char* folder,
                               const checkpoint_options& options)
        : ranks(detail::access::another(given)),
          files(ranks, folder, options) {}

    nodespan::team ranks;
    checkpoint files;
    std::map<std::string, std::weak_ptr<const nodespan_array_object*>> arrays;
};

namespace {

// Runs a collective call, unless one of the arrays has ended on any rank.
template <class Body>
int on_files(const char* function, nodespan_checkpoint given, const std::int64_t* step,
             bool needs_step, Body&& body) {
    return c_call([&] {
        auto& own = require_given(function, "checkpoint", given);
        detail::agree_on_arguments(own.ranks, function, [&] {
            if (needs_step) require_given(function, "step", step);
            for (const auto& [name, life] : own.arrays)
                if (life.expired())
                    throw error(errc::invalid_argument,
                                fmt::format("{}: the array \"{}\" has been freed; free arrays "
                                            "after the checkpoint",
                                            function, name));
        });
        body(own.files);
    });
}

} // namespace

int nodespan_checkpoint_create(nodespan_team team, const char* folder,
                               const nodespan_checkpoint_options* options,
                               nodespan_checkpoint* result) {
    return c_call([&] {
        constexpr const char* name = "nodespan_checkpoint_create";
        const auto& ranks = require_given(name, "team", team).team;
        require_given(name, "folder", folder);
        require_given(name, "result", result);
        checkpoint_options wanted;
        if (options != nullptr && options->keep != 0) wanted.keep = options->keep;
        if (options != nullptr) wanted.read_back = options->unproved == 0;
        *result = new nodespan_checkpoint_object(ranks, folder, wanted);
    });
}

int nodespan_checkpoint_free(nodespan_checkpoint* given) {
    return c_call([&] { detail::end_handle("nodespan_checkpoint_free", "checkpoint", given); });
}

int nodespan_checkpoint_add_array(nodespan_checkpoint given, const char* name,
                                  nodespan_array array) {
    return c_call([&] {
        constexpr const char* function = "nodespan_checkpoint_add_array";
        auto& own = require_given(function, "checkpoint", given);
        require_given(function, "name", name);
        require_given(function, "array", array);
        const detail::file_type type = detail::stored_type(function, array->type);
        own.arrays[name] = array->life; // first: what is added is looked after
        own.files.add_core(name, *array->core, type);
    });
}

int nodespan_checkpoint_add_value(nodespan_checkpoint given, const char* name, nodespan_type type,
                                  void* value) {
    return c_call([&] {
        constexpr const char* function = "nodespan_checkpoint_add_value";
        auto& own = require_given(function, "checkpoint", given);
        require_given(function, "name", name);
        detail::require_not_null(function, "value", value);
        const dtype kind = detail::take_type(function, type);
        visit(kind, [&](auto known) {
            using T = typename decltype(known)::type;
            if constexpr (detail::plain_number<T>)
                own.files.add(name, *static_cast<T*>(value));
            else
                throw error(errc::invalid_argument,
                            fmt::format("{}: a value of type {}; put complex numbers into an array",
                                        function, dtype_name(kind)));
        });
        own.arrays.erase(name);
    });
}

int nodespan_checkpoint_write(nodespan_checkpoint given, int64_t step) {
    return on_files(__func__, given, nullptr, false, [&](checkpoint& files) { files.write(step); });
}

int nodespan_checkpoint_restore(nodespan_checkpoint given, int64_t* step) {
    return on_files(__func__, given, step, true,
                    [&](checkpoint& files) { *step = files.restore().value_or(-1); });
}

int nodespan_checkpoint_latest(nodespan_checkpoint given, int64_t* step) {
    return on_files(__func__, given, step, true,
                    [&](checkpoint& files) { *step = files.latest().value_or(-1); });
}

int nodespan_checkpoint_refusals(nodespan_checkpoint given, int* count) {
    return c_call([&] {
        constexpr const char* function = "nodespan_checkpoint_refusals";
        const auto& own = require_given(function, "checkpoint", given);
        require_given(function, "count", count) = static_cast<int>(own.files.refused().size());
    });
}

const char* nodespan_checkpoint_refusal(nodespan_checkpoint given, int k) {
    const char* result = nullptr;
    c_call([&] {
        const auto& texts =
            require_given("nodespan_checkpoint_refusal", "checkpoint", given).files.refused();
        if (k >= 0 && static_cast<std::size_t>(k) < texts.size())
            result = texts[static_cast<std::size_t>(k)].c_str();
    });
    return result;
}
