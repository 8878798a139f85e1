// Sorts measurements with their places, counts them, adds them up, reduces a table along an axis,
// and counts words in a map.
#include <nodespan/nodespan.hpp>

#include <cstdio>
#include <vector>

int main(int argc, char** argv) {
    using namespace nodespan;
    return run(argc, argv, [](team& everyone) {
        array<double, 1> heights(everyone, {1000});
        array<index_t, 1> places(everyone, {1000});
        for_each(heights, [](const indices<1>& at, double& x) {
            x = static_cast<double>(at[0] * 377 % 1000);
        });
        for_each(places, [](const indices<1>& at, index_t& place) { place = at[0]; });

        const std::vector<double> edges = {0, 250, 500, 1000};
        const std::vector<index_t> counts = histogram(heights, edges); // 250, 250, 500
        const index_t highest = argmax(heights)[0];                    // of the first of them

        sort(heights, places, descending()); // places: where each height was
        const bool is_right = places.get({0}) == highest;

        array<double, 1> sums = empty_like(heights);
        cumsum(heights, sums);
        sums.fence();
        const double total = sums.get({999});

        array<double, 3> field(everyone, {20, 30, 40});
        fill(field, 1.5);
        field.fence();
        std::vector<double> means(20 * 40);
        mean(field, 1, std::span<double>(means)); // means[i * 40 + k]

        map<index_t, int> seen(everyone, 100); // how often each last digit occurs
        std::vector<index_t> digits = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
        if (everyone.rank() > 0) digits.clear();
        seen.insert(digits, std::vector<int>(digits.size(), 0));
        for (const index_t digit : {everyone.rank() % 10, 3})
            if (seen.is_here(digit)) seen.update(digit, [](int count) { return count + 1; });
        everyone.fence();
        const index_t keys = seen.size();

        if (everyone.rank() == 0)
            std::printf("%ld %ld %ld, total %.0f, mean %.1f, %ld keys\n", counts[0], counts[1],
                        counts[2], total, means[0], keys);
        return is_right && counts[2] == 500 && total == 499500 && means[799] == 1.5 && keys == 10
                   ? 0
                   : 1;
    });
}
