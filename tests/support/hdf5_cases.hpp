#pragma once

#include "array_cases.hpp"
#include "mpi_cases.hpp"

#include <nodespan/hdf5.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

namespace nodespan::test {

namespace fs = std::filesystem;

/// A folder that all ranks know; rank 0 makes and removes it. Beneath NODESPAN_TEST_FOLDER if set.
class shared_folder {
public:
    shared_folder() {
        std::string name;
        if (world_rank() == 0) {
            std::string pattern = (parent() / "nodespan_hdf5_XXXXXX").string();
            name = mkdtemp(pattern.data());
        }
        path_ = of_first_rank(name);
    }
    ~shared_folder() {
        MPI_Barrier(MPI_COMM_WORLD);
        if (world_rank() == 0) fs::remove_all(path_);
    }
    shared_folder(const shared_folder&) = delete;
    shared_folder& operator=(const shared_folder&) = delete;

    fs::path operator/(const char* name) const { return path_ / name; }
    const fs::path& path() const { return path_; }

private:
    static fs::path parent() {
        const char* set = std::getenv("NODESPAN_TEST_FOLDER");
        return set != nullptr ? fs::path(set) : fs::temp_directory_path();
    }

    fs::path path_;
};

/// A value that differs from element to element, as far as T can tell.
template <class T, int N>
T value_at(const indices<N>& at) {
    index_t sum = 1;
    for (const index_t i : at) sum = sum * 31 + i;
    if constexpr (requires { typename T::value_type; })
        return {static_cast<typename T::value_type>(sum),
                static_cast<typename T::value_type>(-sum)};
    else
        return static_cast<T>(sum);
}

/// Gives every element its value.
template <class T, int N>
void fill(array<T, N>& a) {
    for_each_index(a.rank_box(), [&](const indices<N>& at) {
        std::apply([&](auto... i) { a(i...) = value_at<T, N>(at); }, at);
    });
    a.fence();
}

template <class T, int N>
void expect_filled(const array<T, N>& a) {
    index_t wrong = 0;
    for_each_index(a.rank_box(), [&](const indices<N>& at) {
        std::apply([&](auto... i) { wrong += a(i...) != value_at<T, N>(at); }, at);
    });
    EXPECT_EQ(wrong, 0);
}

/// Expects the same error on all ranks, with these words.
inline void expect_refused(const std::function<void()>& call, errc code,
                           const std::vector<std::string>& words) {
    const caught_error failure = caught(call);

    EXPECT_EQ(failure.code, code) << failure.text;
    EXPECT_TRUE(failure.collective);
    for (const std::string& word : words) EXPECT_THAT(failure.text, testing::HasSubstr(word));
    EXPECT_EQ(failure.text, of_first_rank(failure.text));
}

/// The bytes of a file.
inline std::string bytes_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

} // namespace nodespan::test
