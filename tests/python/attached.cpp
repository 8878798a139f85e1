// A program that knows nothing of being looked at: arrays of several kinds, until a file appears.

#include <nodespan/nodespan.h>
#include <nodespan/nodespan.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <thread>

// What a C program has.
class array_of_c {
public:
    explicit array_of_c(MPI_Comm comm) {
        const std::int64_t extents[] = {2, 3};
        nodespan_array_options options = NODESPAN_ARRAY_OPTIONS_INIT;
        options.name = "in C";
        require(nodespan_team_create(comm, 0, &team_));
        require(nodespan_array_create(team_, NODESPAN_INT16, 2, extents, &options, &array_));
    }
    ~array_of_c() {
        nodespan_array_free(&array_);
        nodespan_team_free(&team_);
    }
    array_of_c(const array_of_c&) = delete;            // a handle has one owner
    array_of_c& operator=(const array_of_c&) = delete; // a handle has one owner

private:
    static void require(int status) {
        if (status != NODESPAN_SUCCESS) throw std::runtime_error(nodespan_last_error_message());
    }

    nodespan_team team_ = nullptr;
    nodespan_array array_ = nullptr;
};

int main(int argc, char** argv) {
    return nodespan::run(argc, argv, [&](nodespan::team& all) {
        using nodespan::array;
        array<double, 2> temperature(all, {100, 40}, {.ghosts = {{1, 1}}, .name = "temperature"});
        array<int, 2, nodespan::column_major> turned(all, {6, 5}, {.name = "turned"});
        array<bool, 1> flags(all, {9}, {.name = "flags"});
        if (all.rank() == 0)
            for (nodespan::index_t i = 0; i < 100; ++i)
                for (nodespan::index_t j = 0; j < 40; ++j)
                    temperature.put({i, j},
                                    100.0 * static_cast<double>(i) + static_cast<double>(j));
        for (nodespan::index_t i = 0; i < 6; ++i)
            for (nodespan::index_t j = 0; j < 5; ++j)
                if (all.rank() == 0) turned.put({i, j}, static_cast<int>(10 * i + j));
        if (all.rank() == 0) flags.put({8}, true);
        const array_of_c in_c(all.comm());
        all.fence();
        if (all.rank() == 0) std::cout << "up" << std::endl;
        bool goes_on = true;
        while (goes_on) {
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
            goes_on = all_reduce(all, std::filesystem::exists(argv[1]) ? 0 : 1,
                                 nodespan::accumulate_op::min) != 0;
        }
        return 0;
    });
}
