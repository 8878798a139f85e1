// What lies on other nodes: patches are fetched and sent, counts are added, tickets are drawn.
#include <nodespan/nodespan.hpp>

#include <cstdio>
#include <vector>

int main(int argc, char** argv) {
    using namespace nodespan;
    return run(argc, argv, [](team& everyone) {
        array<double, 2> table{everyone, {1000, 10}};
        array<index_t, 1> rows_done{everyone, {everyone.nodes()}};

        counter next{everyone}; // tickets: every number goes to one rank, whoever is free
        std::vector<double> row(10);
        for (index_t i = next.next(); i < table.extent(0); i = next.next()) {
            row.assign(10, static_cast<double>(i));
            table.put({{i, 0}, {i + 1, 10}}, row); // wherever that row lies
            rows_done.fetch_add({table.owner_node({i, 0})}, 1);
        }
        table.fence(); // what was put has arrived

        std::vector<double> corner(4); // rows 0 and 999: from the first node and from the last one
        table.get({{0, 0}, {1, 2}}, std::span(corner).first(2));
        table.get({{999, 8}, {1000, 10}}, std::span(corner).last(2));
        const double total = sum(table); // collective; the same bits on all ranks
        const bool is_right = corner == std::vector<double>{0, 0, 999, 999} && total == 4995000;

        if (everyone.rank() == 0)
            for (int node = 0; node < everyone.nodes(); ++node)
                std::printf("node %d has %ld rows\n", node, rows_done.get({node}));
        return is_right ? 0 : 1;
    });
}
