// One rank delivers frames; the others read them where they lie.
#include <nodespan/nodespan.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>

int main(int argc, char** argv) {
    return nodespan::run(argc, argv, [](nodespan::team& everyone) {
        if (everyone.size() < 2) return 0; // nobody to read

        nodespan::ring<std::int16_t> frames{everyone, 1 << 16, {.slots = 8}};
        if (frames.is_producer()) {
            for (int i = 0; i < 100; ++i) {
                auto slot = frames.reserve();          // waits where all slots are taken
                std::ranges::fill(slot.elements(), i); // written where it will be read
                slot.publish();
            }
            frames.close();
        } else {
            while (const auto frame = frames.next()) // nothing once closed and read
                if (frame->elements()[0] != static_cast<int>(frame->sequence())) return 1;
            std::printf("rank %d: %d frames\n", everyone.rank(),
                        static_cast<int>(frames.received()));
        }
        return 0;
    });
}
