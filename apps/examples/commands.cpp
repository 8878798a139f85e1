// One rank gives commands, the others fill an array as they say.
#include <nodespan/nodespan.hpp>

#include <cstdio>

int main(int argc, char** argv) {
    using namespace nodespan;
    return run(argc, argv, [](team& everyone) {
        if (everyone.size() < 2) return 1; // nobody to work

        queue<int> q{everyone};
        array<int, 1> arr{everyone, {10}};
        if (everyone.rank() == 0) {
            for (int i = 0; i < 3; ++i) {
                q.put(20 + i);
                q.join(); // wait for the computation to finish
                std::printf("(%d,)\n[%d ... %d]\n", 10, arr(0), arr(9));
            }
            q.close();
        } else {
            while (const auto value = q.get()) { // until it is closed and empty
                for (int& x : arr.node()) x = *value;
                q.task_done();
            }
        }
        return arr(0) == 22 && arr(9) == 22 ? 0 : 1;
    });
}
