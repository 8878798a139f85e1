// Work of unequal size, taken by whoever is free; results go where they belong, on any node.
#include <nodespan/nodespan.hpp>

#include <cstdio>
#include <mutex>
#include <vector>

int main(int argc, char** argv) {
    using namespace nodespan;
    return run(argc, argv, [](team& everyone) {
        constexpr index_t tasks = 200, bins = 64;
        array<double, 2> samples{everyone, {tasks, 16}, {.name = "samples"}};
        array<index_t, 1> histogram{everyone, {bins}, {.name = "histogram"}};
        array<double, 1> record{everyone, {2}, {.name = "record"}}; // largest sum so far, its task
        counter next{everyone};

        for (index_t task = next.next(); task < tasks; task = next.next()) {
            std::vector<double> row(16);
            for (int k = 0; k < 16; ++k) row[k] = static_cast<double>((task * 37 + k * k) % 101);
            samples.put({{task, 0}, {task + 1, 16}}, row); // wherever that row lies

            std::vector<indices<1>> where;
            for (double x : row) where.push_back({static_cast<index_t>(x) * bins / 101});
            histogram.scatter_add(where, std::vector<index_t>(16, 1)); // nobody's counts are lost

            double sum = 0;
            for (double x : row) sum += x;
            const std::scoped_lock alone(record.mutex(record.owner_node({0})));
            if (sum > record.get({0})) {
                record.put({0}, sum);
                record.put({1}, static_cast<double>(task));
            }
        }
        histogram.fence(); // all of the above is visible everywhere

        std::vector<index_t> counts(bins);
        histogram.get({{0}, {bins}}, counts);
        index_t total = 0;
        for (index_t count : counts) total += count;
        if (everyone.rank() == 0)
            std::printf("%ld samples in %ld bins; task %.0f has the largest sum, %.0f\n", total,
                        bins, record.get({1}), record.get({0}));
        return total == tasks * 16 ? 0 : 1;
    });
}
