#include "nodespan/c/files.h"

#include "array.hpp"
#include "nodespan/csv.hpp"
#include "nodespan/mtx.hpp"
#include "nodespan/npy.hpp"

#include <functional>

using namespace nodespan;
using detail::array_core;
using detail::c_call;
using detail::require_given;

namespace {

using look_type = std::function<void(dtype type, int dimensions)>;

// Saves or loads, if all ranks have given a file and an array that `look` does not refuse.
template <class Body>
int on_file(const char* function, nodespan_array array, const char* file, const look_type& look,
            Body&& body) {
    return c_call([&] {
        auto& own = require_given(function, "array", array);
        detail::agree_on_arguments(own.core->get_team(), function, [&] {
            require_given(function, "file", file);
            look(own.type, static_cast<int>(own.dimensions()));
        });
        body(*own.core, own.type);
    });
}

// What a call that opens a file is given.
struct opening {
    const char* function;
    nodespan_team team;
    nodespan_type type;
    int dimensions;
    const char* file;
    const nodespan_array_options* options;
    nodespan_array* result;
};

// Makes an array with what `find` finds in the file, its extents among them, and fills it by
// `fill`.
template <class Find, class Fill>
int open_file(const opening& given, const look_type& look, Find&& find, Fill&& fill) {
    return c_call([&] {
        auto& ranks = require_given(given.function, "team", given.team).team;
        std::optional<detail::array_draft> draft;
        detail::agree_on_arguments(ranks, given.function, [&] {
            require_given(given.function, "result", given.result);
            require_given(given.function, "file", given.file);
            draft.emplace(given.function, given.type, given.dimensions, given.options);
            look(draft->object->type, given.dimensions);
        });
        const auto found = find(ranks, draft->object->type);
        draft->make(ranks, found.first);
        fill(*draft->object->core, draft->object->type, found.second);
        *given.result = draft->object.release();
    });
}

void accept_all(dtype, int) {}

// A table has rows and columns.
void require_table(const char* function, int dimensions) {
    if (dimensions > 2)
        throw error(errc::invalid_argument,
                    fmt::format("{}: an array of {} dimensions; such files hold 1 or 2", function,
                                dimensions));
}

look_type table(const char* function) {
    return [=](dtype, int dimensions) { require_table(function, dimensions); };
}

// What a program says of a CSV file, read by the first call of a look.
class csv_form {
public:
    csv_form(const char* function, const nodespan_csv_options* given)
        : function_(function),
          given_(given != nullptr ? *given : nodespan_csv_options NODESPAN_CSV_OPTIONS_INIT) {}

    // Refuses what no CSV file holds.
    void look(dtype type, int dimensions) {
        require_table(function_, dimensions);
        if (type == dtype::complex64 || type == dtype::complex128)
            throw error(errc::invalid_argument,
                        fmt::format("{}: CSV files hold no elements of type {}", function_,
                                    dtype_name(type)));
        if (given_.header < NODESPAN_HEADER_DETECT || given_.header > NODESPAN_HEADER_PRESENT)
            throw error(errc::invalid_argument,
                        fmt::format("{}: {} is no nodespan_csv_header", function_,
                                    static_cast<int>(given_.header)));
        options.separator = given_.separator;
        options.header = given_.header == NODESPAN_HEADER_DETECT   ? csv_header::detect
                         : given_.header == NODESPAN_HEADER_ABSENT ? csv_header::absent
                                                                   : csv_header::present;
    }

    // The names of so many columns.
    void take_names(index_t columns) {
        if (given_.names == nullptr) return;
        for (index_t k = 0; k < columns; ++k)
            options.names.emplace_back(
                &require_given(function_, "one of the names", given_.names[k]));
    }

    csv_options options;

private:
    const char* function_;
    nodespan_csv_options given_;
};

} // namespace

int nodespan_array_save_npy(nodespan_array array, const char* file) {
    return on_file(__func__, array, file, accept_all,
                   [&](array_core& from, dtype type) { detail::save_npy(from, type, file, {}); });
}

int nodespan_array_load_npy(nodespan_array array, const char* file) {
    return on_file(__func__, array, file, accept_all,
                   [&](array_core& to, dtype type) { detail::load_npy(to, type, file, {}); });
}

int nodespan_array_open_npy(nodespan_team team, nodespan_type type, int dimensions,
                            const char* file, const nodespan_array_options* options,
                            nodespan_array* result) {
    return open_file(
        {__func__, team, type, dimensions, file, options, result}, accept_all,
        [&](nodespan::team& ranks, dtype element) {
            return std::pair(detail::npy_extents(ranks, element, dimensions, file), 0);
        },
        [&](array_core& to, dtype element, int) { detail::load_npy(to, element, file, {}); });
}

int nodespan_array_save_csv(nodespan_array array, const char* file,
                            const nodespan_csv_options* csv) {
    csv_form form(__func__, csv);
    const look_type look = [&](dtype type, int dimensions) {
        form.look(type, dimensions);
        form.take_names(dimensions == 1 ? 1 : array->core->cut().extents()[1]);
    };
    return on_file(__func__, array, file, look, [&](array_core& from, dtype type) {
        detail::save_csv(from, type, file, form.options);
    });
}

int nodespan_array_load_csv(nodespan_array array, const char* file,
                            const nodespan_csv_options* csv) {
    csv_form form(__func__, csv);
    return on_file(
        __func__, array, file, [&](dtype type, int dimensions) { form.look(type, dimensions); },
        [&](array_core& to, dtype type) {
            const auto dimensions = static_cast<int>(to.cut().extents().size());
            detail::load_csv(
                to, *detail::plan_csv(to.get_team(), type, dimensions, file, form.options));
        });
}

int nodespan_array_open_csv(nodespan_team team, nodespan_type type, int dimensions,
                            const char* file, const nodespan_csv_options* csv,
                            const nodespan_array_options* options, nodespan_array* result) {
    csv_form form(__func__, csv);
    return open_file(
        {__func__, team, type, dimensions, file, options, result},
        [&](dtype element, int count) { form.look(element, count); },
        [&](nodespan::team& ranks, dtype element) {
            auto plan = detail::plan_csv(ranks, element, dimensions, file, form.options);
            return std::pair(detail::csv_extents(*plan), plan);
        },
        [](array_core& to, dtype, const auto& plan) { detail::load_csv(to, *plan); });
}

int nodespan_array_save_mtx(nodespan_array array, const char* file) {
    return on_file(__func__, array, file, table(__func__),
                   [&](array_core& from, dtype type) { detail::save_mtx(from, type, file, {}); });
}

int nodespan_array_load_mtx(nodespan_array array, const char* file) {
    return on_file(__func__, array, file, table(__func__), [&](array_core& to, dtype type) {
        const auto dimensions = static_cast<int>(to.cut().extents().size());
        detail::load_mtx(to, *detail::plan_mtx(to.get_team(), type, dimensions, file, {}));
    });
}

int nodespan_array_open_mtx(nodespan_team team, nodespan_type type, int dimensions,
                            const char* file, const nodespan_array_options* options,
                            nodespan_array* result) {
    return open_file(
        {__func__, team, type, dimensions, file, options, result}, table(__func__),
        [&](nodespan::team& ranks, dtype element) {
            auto plan = detail::plan_mtx(ranks, element, dimensions, file, {});
            return std::pair(detail::mtx_extents(*plan), plan);
        },
        [](array_core& to, dtype, const auto& plan) { detail::load_mtx(to, *plan); });
}
