// Pinned memory, with a driver that these tests fake: CUDA's or HIP's, whichever
// NODESPAN_GPU_LIBRARY names.

#include "fake.hpp"

#include <gmock/gmock.h>
#include <nodespan/array.hpp>
#include <nodespan/column_major.hpp>
#include <nodespan/error.hpp>
#include <nodespan/gpu.hpp>

#include <cstddef>
#include <cstdint>
#include <fmt/format.h>
#include <functional>
#include <mpi.h>
#include <optional>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using namespace nodespan;
using testing::HasSubstr;

struct refusal {
    std::error_code code;
    std::string text;
};

refusal refusal_of(const std::function<void()>& call) {
    try {
        call();
    } catch (const error& failure) {
        return {failure.code(), failure.what()};
    }
    return {};
}

class Pin : public testing::Test {
protected:
    static void SetUpTestSuite() { everybody.emplace(MPI_COMM_WORLD); }
    static void TearDownTestSuite() { everybody.reset(); }
    static inline std::optional<team> everybody;

    void SetUp() override {
        driver.reset();
        driver.make_current(0);
    }
    void TearDown() override { EXPECT_EQ(driver.ranges(), 0) << "registered still"; }

    template <class View>
    std::string registered(const View& v, std::size_t bytes) const {
        return fmt::format("{} {} {} 3 = 0\n", driver.registering(),
                           reinterpret_cast<std::uintptr_t>(v.data_handle()), bytes);
    }
    template <class View>
    std::string unregistered(const View& v) const {
        return fmt::format("{} {} = 0\n", driver.unregistering(),
                           reinterpret_cast<std::uintptr_t>(v.data_handle()));
    }

    test::fake driver;
    team& everyone = *everybody;
};

TEST_F(Pin, RegistersTheNodesBlockForAllContextsAndMapped) {
    array<double, 2> field(everyone, {8 * everyone.size(), 64});
    const auto whole = field.node();
    const auto bytes = static_cast<std::size_t>(whole.size()) * sizeof(double);

    {
        const auto held = pin(field);

        EXPECT_TRUE(held.is_pinned());
        EXPECT_TRUE(held.is_mapped());
        EXPECT_EQ(held.device_data(), whole.data_handle());
        EXPECT_EQ(held.bytes(), bytes);
        EXPECT_EQ(held.elements().extents(), whole.extents());
        EXPECT_THAT(driver.log(), HasSubstr(registered(whole, bytes)));
        EXPECT_EQ(driver.bytes(), bytes);
    }

    EXPECT_THAT(driver.log(), HasSubstr(unregistered(whole)));
    field.fence();
}

TEST_F(Pin, RegistersWhatItIsGiven) {
    array<float, 2> field(everyone, {16 * everyone.size(), 100});
    array<float, 2, column_major> other(everyone, {100, 16 * everyone.size()});
    const auto inner = field.local().patch({{2, 10}, {5, 20}});

    const auto mine = pin(field, field.local());
    const auto theirs = pin(other, other.local());
    driver.reset();
    const auto again = pin(field, inner);

    EXPECT_THAT(mine.bytes(), 16U * 100 * sizeof(float));
    EXPECT_EQ(theirs.bytes(), 16U * 100 * sizeof(float));
    EXPECT_EQ(again.bytes(), (2 * 100 + 10) * sizeof(float)); // from the first to the last
    EXPECT_EQ(again.device_data(), inner.data_handle());
    EXPECT_EQ(driver.count(driver.registering()), 0) << "registered already";
    field.fence();
}

TEST_F(Pin, UsesTheAddressesThatTheDeviceHas) {
    array<double, 1> field(everyone, {4096 * everyone.size()});
    driver.addresses(1);

    const auto whole = pin(field);
    const auto part = pin(field, field.local());

    const auto away = std::uintptr_t{1} << 40;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(whole.device_data()),
              reinterpret_cast<std::uintptr_t>(field.node().data_handle()) + away);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(part.device_data()),
              reinterpret_cast<std::uintptr_t>(field.local().data_handle()) + away);
    field.fence();
}

TEST_F(Pin, IsFastButNotMappedWhereTheDeviceCannotReachTheMemory) {
    array<double, 1> field(everyone, {4096 * everyone.size()});
    driver.addresses(3);

    const auto held = pin(field);

    EXPECT_TRUE(held.is_pinned());
    EXPECT_FALSE(held.is_mapped());
    EXPECT_EQ(held.device_data(), nullptr);
    EXPECT_EQ(driver.ranges(), 1);
    field.fence();
}

TEST_F(Pin, TwiceIsSharedAndStaysUntilTheLastEnds) {
    array<double, 1> field(everyone, {4096 * everyone.size()});
    std::optional<pinned<double, 1>> first = pin(field), second = pin(field);

    EXPECT_EQ(driver.count(driver.registering()), 1);
    first.reset();
    EXPECT_EQ(driver.ranges(), 1);
    EXPECT_TRUE(second->is_mapped());
    second.reset();
    EXPECT_EQ(driver.ranges(), 0);
    field.fence();
}

TEST_F(Pin, AWholeAroundAPartRegistersTheRestAlone) {
    array<double, 1> field(everyone, {4096 * everyone.size()});
    const auto all = field.local();
    std::optional<pinned<double, 1>> part = pin(field, all.patch({{1000}, {2000}}));

    std::optional<pinned<double, 1>> whole = pin(field, all);

    EXPECT_EQ(driver.ranges(), 3); // before it, the part, behind it
    EXPECT_EQ(driver.bytes(), 4096 * sizeof(double));
    EXPECT_EQ(whole->device_data(), all.data_handle());
    part.reset();
    EXPECT_EQ(driver.bytes(), 4096 * sizeof(double)) << "the whole holds it still";
    whole.reset();
    EXPECT_EQ(driver.ranges(), 0);
    field.fence();
}

TEST_F(Pin, PiecesWithoutOneAddressAreNotMapped) {
    array<double, 1> field(everyone, {4096 * everyone.size()});
    driver.addresses(2);
    const auto part = pin(field, field.local().patch({{1000}, {2000}}));

    const auto whole = pin(field, field.local());

    EXPECT_TRUE(part.is_mapped());
    EXPECT_TRUE(whole.is_pinned());
    EXPECT_FALSE(whole.is_mapped());
    field.fence();
}

TEST_F(Pin, SmallArraysInOnePageDoNotMeet) {
    std::vector<array<double, 1>> small;
    for (int i = 0; i < 16; ++i) small.emplace_back(everyone, indices<1>{8 * everyone.size()});
    const auto page = [](auto& a) {
        return reinterpret_cast<std::uintptr_t>(a.node().data_handle()) / 4096;
    };
    std::size_t one = 1;
    while (one < 16 && page(small[one]) != page(small[one - 1])) ++one;
    ASSERT_LT(one, 16U) << "the test says nothing then";

    std::optional<pinned<double, 1>> first = pin(small[one - 1]);
    const auto second = pin(small[one]);

    EXPECT_EQ(driver.ranges(), 2);
    first.reset();
    EXPECT_TRUE(second.is_mapped());
    EXPECT_EQ(driver.bytes(), static_cast<std::size_t>(small[one].node().size()) * sizeof(double));
    everyone.fence();
}

TEST_F(Pin, NothingIsPinnedOnceTheArrayHasEnded) {
    std::optional<array<double, 1>> field(std::in_place, everyone,
                                          indices<1>{4096 * everyone.size()});
    const auto first = field->node();
    const auto held = pin(*field);

    field.reset();

    EXPECT_FALSE(held.is_pinned());
    EXPECT_FALSE(held.is_mapped());
    EXPECT_EQ(held.device_data(), nullptr);
    EXPECT_THAT(driver.log(), HasSubstr(unregistered(first)));
    EXPECT_EQ(driver.ranges(), 0);
    array<double, 1> next(everyone, {4096 * everyone.size()}); // perhaps in the same memory
    const auto again = pin(next);
    EXPECT_TRUE(again.is_mapped());
    next.fence();
}

TEST_F(Pin, EndsBeforeTheMemoryOfTheArrayHasAnotherUse) {
    for (int round = 0; round < 3; ++round) {
        array<double, 1> field(everyone, {(1 << 20) + 4096 * everyone.size()});
        const auto held = pin(field, field.local());
        EXPECT_EQ(driver.ranges(), 1);
        field.fence();
    } // the object first, then the array
    EXPECT_EQ(driver.count(driver.unregistering()), 3);
}

TEST_F(Pin, MovesWithItsObject) {
    array<double, 1> field(everyone, {4096 * everyone.size()});
    auto first = pin(field);

    auto second = std::move(first);
    EXPECT_FALSE(first.is_pinned()); // NOLINT: what is left of it
    EXPECT_EQ(first.device_data(), nullptr);
    EXPECT_TRUE(second.is_mapped());
    auto& itself = second;
    second = std::move(itself);
    EXPECT_TRUE(second.is_mapped());
    array<double, 1> other(everyone, {4096 * everyone.size()});
    second = pin(other);
    EXPECT_EQ(driver.ranges(), 1);
    EXPECT_EQ(second.device_data(), other.node().data_handle());
    second = {};
    EXPECT_EQ(driver.ranges(), 0);
    field.fence();
}

TEST_F(Pin, ArrayThatMovesStaysPinned) {
    array<double, 1> field(everyone, {4096 * everyone.size()});
    const auto held = pin(field);

    array<double, 1> moved = std::move(field);

    EXPECT_TRUE(held.is_mapped());
    EXPECT_EQ(held.device_data(), moved.node().data_handle());
    moved.fence();
}

TEST_F(Pin, EmptyPartsAreValid) {
    array<double, 1> field(everyone, {0});

    const auto held = pin(field);

    EXPECT_TRUE(held.is_pinned());
    EXPECT_EQ(held.bytes(), 0U);
    EXPECT_EQ(driver.count(driver.registering()), 0);
    field.fence();
}

TEST_F(Pin, RefusesOtherMemory) {
    array<double, 1> field(everyone, {4096 * everyone.size()}), other(everyone, {10});
    std::vector<double> mine(10);

    for (const auto& wrong : {view<double, 1>(mine.data(), {10}), other.node(),
                              view<double, 1>(field.node().data_handle(), {(1 << 30)})}) {
        if (wrong.empty()) continue; // of a node without any
        const refusal told = refusal_of([&] { static_cast<void>(pin(field, wrong)); });
        EXPECT_EQ(told.code, errc::out_of_range);
        EXPECT_THAT(told.text, HasSubstr("not memory of this array on this node"));
    }
    EXPECT_EQ(driver.count(driver.registering()), 0);
    field.fence();
}

TEST_F(Pin, EachCallThatFailsIsTold) {
    array<double, 1> field(everyone, {4096 * everyone.size()}, {.name = "velocity"});
    std::vector<std::string> calls = {driver.registering(), driver.addressing()};
    if (driver.is_hip())
        calls.emplace_back("hipGetDevice");
    else
        calls.insert(calls.end(), {"cuCtxGetCurrent", "cuCtxGetDevice"});

    for (const std::string& call : calls) {
        driver.fail(call, 719);
        const refusal told = refusal_of([&] { static_cast<void>(pin(field)); });
        EXPECT_EQ(told.code, errc::device) << call;
        EXPECT_THAT(told.text, HasSubstr("pin(array<double,1> \"velocity\", "));
        EXPECT_THAT(told.text, HasSubstr(call.substr(0, call.find("_v2")) +
                                         ": FAKE_ERROR, as the fake driver has it"));
        EXPECT_EQ(driver.ranges(), 0) << call;
        EXPECT_TRUE(pin(field).is_mapped()) << "afterwards all is well";
    }
    field.fence();
}

TEST_F(Pin, ACodeWithoutANameIsToldByNumber) {
    array<double, 1> field(everyone, {4096 * everyone.size()});
    driver.fail(driver.registering(), 999);

    EXPECT_THAT(refusal_of([&] { static_cast<void>(pin(field)); }).text, HasSubstr("error 999"));
    field.fence();
}

TEST_F(Pin, WhatFailsInTheMiddleIsTakenBack) {
    array<double, 1> field(everyone, {4096 * everyone.size()});
    const auto part = pin(field, field.local().patch({{1000}, {2000}}));
    driver.fail(driver.registering(), 2, 1); // the rest before it is good, that behind it is not

    const refusal told = refusal_of([&] { static_cast<void>(pin(field, field.local())); });

    EXPECT_EQ(told.code, errc::no_capacity);
    EXPECT_EQ(driver.bytes(), 1000 * sizeof(double));
    EXPECT_TRUE(part.is_mapped());
    field.fence();
}

TEST_F(Pin, TooMuchMemoryIsToldWithTheLimitsAndWhatToDo) {
    array<double, 1> field(everyone, {4096 * everyone.size()});
    driver.limit(4096);

    const refusal told = refusal_of([&] { static_cast<void>(pin(field, field.local())); });

    EXPECT_EQ(told.code, errc::no_capacity);
    EXPECT_THAT(told.text, HasSubstr("the driver could not lock 32768 bytes; "));
    EXPECT_THAT(told.text, HasSubstr("bytes free of the host's memory; raise that limit (ulimit -l "
                                     "unlimited), or pin the part that this rank copies"));
    field.fence();
}

TEST_F(Pin, MemoryThatOthersRegisteredIsTold) {
    array<double, 1> field(everyone, {4096 * everyone.size()});
    using registers = int(void*, std::size_t, unsigned);
    using unregisters = int(void*);
    double* const there = field.local().data_handle();
    ASSERT_EQ(driver.get<registers>(driver.registering().c_str())(there + 5, 64, 0), 0);

    const refusal told = refusal_of([&] { static_cast<void>(pin(field, field.local())); });

    EXPECT_EQ(told.code, errc::invalid_argument);
    EXPECT_THAT(told.text, HasSubstr("has registered a part of this memory itself"));
    EXPECT_EQ(driver.ranges(), 1);
    EXPECT_EQ(driver.get<unregisters>(driver.unregistering().c_str())(there + 5), 0);
    field.fence();
}

TEST_F(Pin, GpuThatTakesNoMemoryIsTold) {
    array<double, 1> field(everyone, {4096 * everyone.size()});

    for (const int code : {800, 801}) {
        driver.fail(driver.registering(), code);
        EXPECT_EQ(refusal_of([&] { static_cast<void>(pin(field)); }).code, errc::unsupported);
    }
    field.fence();
}

TEST_F(Pin, GoesOnWhereTheDriverIsAtItsEnd) {
    array<double, 1> field(everyone, {4096 * everyone.size()});
    {
        const auto held = pin(field);
        driver.fail(driver.unregistering(), 4); // deinitialised: nothing is registered any more
    }
    driver.end_context(0); // for the fake, which has not really ended
    driver.make_current(0);

    EXPECT_TRUE(pin(field).is_mapped());
    field.fence();
}

TEST_F(Pin, ContextMayEndBeforeTheObject) {
    array<double, 1> field(everyone, {4096 * everyone.size()});
    {
        const auto held = pin(field);
        driver.end_context(0);
    }
    driver.make_current(1);

    const auto again = pin(field);

    EXPECT_TRUE(again.is_mapped());
    field.fence();
}

TEST_F(Pin, WhatEndedWithItsContextIsRegisteredAnewForTheNextHolder) {
    array<double, 1> field(everyone, {4096 * everyone.size()});
    std::optional<pinned<double, 1>> old = pin(field);
    driver.end_context(0);
    driver.make_current(1);

    const auto fresh = pin(field);

    EXPECT_EQ(driver.ranges(), 1);
    EXPECT_TRUE(fresh.is_mapped());
    old.reset();
    EXPECT_EQ(driver.ranges(), 1) << "the fresh one holds it";
    field.fence();
}

TEST_F(Pin, MayEndOnAnotherThread) {
    array<double, 1> field(everyone, {4096 * everyone.size()});
    std::optional<pinned<double, 1>> held = pin(field);

    std::thread([&] { held.reset(); }).join(); // which has no context

    EXPECT_EQ(driver.ranges(), 0);
    field.fence();
}

TEST_F(Pin, ThreadsPinAtTheSameTime) {
    array<double, 1> field(everyone, {4096 * everyone.size()});
    std::vector<std::thread> threads;
    std::atomic<int> mapped = 0;

    for (index_t t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            driver.make_current(0);
            for (int round = 0; round < 200; ++round) {
                const auto whole = pin(field, field.local());
                const auto part = pin(field, field.local().patch({{500 * t}, {500 * t + 1000}}));
                if (whole.is_mapped() && part.is_mapped()) ++mapped;
            }
        });
    for (std::thread& one : threads) one.join();

    EXPECT_EQ(mapped, 4 * 200);
    EXPECT_EQ(driver.ranges(), 0);
    EXPECT_THAT(driver.log(), testing::Not(HasSubstr("= 712")));
    field.fence();
}

TEST_F(Pin, AForkLeavesItToTheRank) {
    array<double, 1> field(everyone, {4096 * everyone.size()});
    std::optional<pinned<double, 1>> held = pin(field);

    const pid_t child = fork();
    if (child == 0) {
        const refusal told = refusal_of([&] { static_cast<void>(pin(field)); });
        held.reset();
        _exit(told.code == errc::wrong_thread && driver.ranges() == 1 ? 0 : 1);
    }

    int status = -1;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(driver.ranges(), 1);
    held.reset();
    field.fence();
}

class PinCuda : public Pin {};

TEST_F(PinCuda, WithoutAContextSaysWhatToCall) {
    array<double, 1> field(everyone, {4096 * everyone.size()}), empty(everyone, {0});
    driver.make_current(-1);

    for (auto* const one : {&field, &empty}) {
        const refusal told = refusal_of([&] { static_cast<void>(pin(*one)); });
        EXPECT_EQ(told.code, errc::invalid_argument);
        EXPECT_THAT(told.text, HasSubstr("no GPU context is current on this thread; call "
                                         "cudaSetDevice and then cudaFree(nullptr)"));
    }
    EXPECT_EQ(driver.count(driver.registering()), 0);
    field.fence();
}

TEST_F(PinCuda, EndsInTheDevicesOwnContextWhereNoneIsCurrent) {
    array<double, 1> field(everyone, {4096 * everyone.size()});
    {
        driver.make_current(1);
        const auto held = pin(field);
        driver.make_current(-1);
    }

    EXPECT_EQ(driver.count("cuDevicePrimaryCtxRetain 1 = 0"), 1);
    EXPECT_EQ(driver.count("cuCtxPopCurrent_v2 = 0"), 1);
    EXPECT_EQ(driver.count("cuDevicePrimaryCtxRelease_v2 1 = 0"), 1);
    EXPECT_EQ(driver.ranges(), 0);
    field.fence();
}

TEST_F(PinCuda, EndsQuietlyWhereThatFailsToo) {
    array<double, 1> field(everyone, {4096 * everyone.size()});
    for (const char* const call : {"cuDevicePrimaryCtxRetain", "cuCtxPushCurrent_v2"}) {
        driver.make_current(0);
        {
            const auto held = pin(field);
            driver.make_current(-1);
            driver.fail(call, 2);
        }
        EXPECT_EQ(driver.count("cuDevicePrimaryCtxRetain 0 = 0"),
                  driver.count("cuDevicePrimaryCtxRelease_v2 0 = 0"));
        driver.end_context(0);
    }
    field.fence();
}

class PinHip : public Pin {};

TEST_F(PinHip, WithoutADeviceSaysWhatToCall) {
    array<double, 1> field(everyone, {4096 * everyone.size()});
    driver.fail("hipGetDevice", 100);

    const refusal told = refusal_of([&] { static_cast<void>(pin(field)); });

    EXPECT_EQ(told.code, errc::invalid_argument);
    EXPECT_THAT(told.text, HasSubstr("hipGetDevice: FAKE_ERROR_NO_DEVICE, "));
    EXPECT_THAT(told.text, HasSubstr("; call hipSetDevice before it"));
    field.fence();
}

// In processes of their own, since a driver that was found stays.
class NoDriver : public testing::Test {
protected:
    refusal with(const std::string& library) {
        setenv("NODESPAN_GPU_LIBRARY", library.c_str(), 1);
        return refusal_of([&] { static_cast<void>(pin(field)); });
    }

    team everyone{MPI_COMM_WORLD};
    array<double, 1> field{everyone, {4096 * everyone.size()}};
};

TEST_F(NoDriver, IsToldWithTheReasonUntilThereIsOne) {
    const std::string good = std::getenv("NODESPAN_GPU_LIBRARY");
    const auto told = [&](const std::string& library, const std::string& reason) {
        const refusal found = with(library);
        EXPECT_EQ(found.code, errc::unsupported);
        EXPECT_THAT(found.text, HasSubstr(": no GPU driver: " + reason));
    };

    told("/no/such/libcuda.so.1", "/no/such/libcuda.so.1 not found (/no/such/libcuda.so.1: cannot");
    told("libm.so.6", "libm.so.6 is no driver of CUDA's or HIP's");
    told(NODESPAN_OLD_DRIVER, NODESPAN_OLD_DRIVER " has no ");
    setenv("NODESPAN_FAKE_INIT", "100", 1);
    told(good, good + " finds no GPU (FAKE_ERROR_NO_DEVICE, as the fake driver has it)");
    unsetenv("NODESPAN_FAKE_INIT");
    setenv("NODESPAN_FAKE_DEVICES", "0", 1);
    told(good, good + " finds no GPU");
    unsetenv("NODESPAN_FAKE_DEVICES");

    setenv("NODESPAN_GPU_LIBRARY", good.c_str(), 1);
    test::fake().make_current(0);
    EXPECT_TRUE(pin(field).is_mapped());
    field.fence();
}

// Ends after main, when MPI is at its end and so is the driver.
std::optional<pinned<double, 1>> late;

TEST(AtTheEnd, ObjectsMayOutliveEverything) {
    const test::fake driver;
    driver.make_current(0);
    team everyone{MPI_COMM_WORLD};
    {
        array<double, 1> field(everyone, {4096 * everyone.size()});
        late = pin(field);
        field.fence();
    }

    EXPECT_FALSE(late->is_pinned());
    EXPECT_EQ(driver.ranges(), 0);
    everyone.fence();
}

} // namespace
