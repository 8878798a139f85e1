#pragma once

#include <nodespan/array.hpp>

#include "array_cases.hpp"
#include "mpi_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <sys/resource.h>
#include <tuple>

namespace nodespan::test {

/// A folder that all ranks know; rank 0 makes and removes it.
class file_folder {
public:
    explicit file_folder(
        const std::filesystem::path& parent = std::filesystem::temp_directory_path()) {
        std::string name;
        if (world_rank() == 0) {
            std::string pattern = (parent / "nodespan_files_XXXXXX").string();
            name = mkdtemp(pattern.data());
        }
        path_ = of_first_rank(name);
    }
    ~file_folder() {
        MPI_Barrier(MPI_COMM_WORLD);
        if (world_rank() == 0) std::filesystem::remove_all(path_);
    }
    file_folder(const file_folder&) = delete;
    file_folder& operator=(const file_folder&) = delete;

    std::filesystem::path operator/(const char* name) const { return path_ / name; }
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// Rank 0 writes a file; all see it afterwards.
inline void write_text(const std::filesystem::path& file, const std::string& text) {
    if (world_rank() == 0) std::ofstream(file, std::ios::binary) << text;
    MPI_Barrier(MPI_COMM_WORLD);
}

inline std::string read_text(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// `save` writes the file that a link leads to, and leaves the link and the file's mode; what is no
/// file it refuses.
inline void
expect_saving_follows_links(const std::filesystem::path& folder,
                            const std::function<void(const std::filesystem::path&)>& save) {
    namespace fs = std::filesystem;
    if (world_rank() == 0) {
        fs::create_directories(folder / "far");
        std::ofstream(folder / "far/file") << "old";
        fs::permissions(folder / "far/file", fs::perms::owner_read | fs::perms::owner_write);
        fs::create_symlink("far/file", folder / "link");
    }
    MPI_Barrier(MPI_COMM_WORLD);

    save(folder / "link");

    MPI_Barrier(MPI_COMM_WORLD);
    EXPECT_TRUE(fs::is_symlink(folder / "link"));
    EXPECT_TRUE(fs::is_regular_file(folder / "far/file"));
    EXPECT_NE(read_text(folder / "far/file"), "old");
    EXPECT_EQ(fs::status(folder / "far/file").permissions(),
              fs::perms::owner_read | fs::perms::owner_write);
    EXPECT_FALSE(fs::exists(folder / "far/file.part"));
    EXPECT_THAT(caught([&] { save("/dev/null"); }).text,
                testing::HasSubstr("/dev/null is no regular file"));
    EXPECT_THAT(caught([&] { save(folder / "far"); }).text, testing::HasSubstr("is a directory"));
    EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

/// A value that differs from element to element, as far as T can tell.
template <class T, int N>
T element_at(const indices<N>& at) {
    index_t sum = 1;
    for (const index_t i : at) sum = sum * 31 + i;
    if constexpr (std::same_as<T, bool>)
        return sum % 3 == 0;
    else if constexpr (requires { typename T::value_type; })
        return {static_cast<typename T::value_type>(sum),
                static_cast<typename T::value_type>(-sum) / 3};
    else if constexpr (std::floating_point<T>)
        return static_cast<T>(sum) / 3;
    else
        return static_cast<T>(sum);
}

template <class T, int N>
void fill_elements(array<T, N>& a) {
    for_each_index(a.rank_box(), [&](const indices<N>& at) {
        std::apply([&](auto... i) { a(i...) = element_at<T, N>(at); }, at);
    });
    a.fence();
}

template <class T, int N>
void expect_elements(const array<T, N>& a) {
    index_t wrong = 0;
    for_each_index(a.rank_box(), [&](const indices<N>& at) {
        std::apply([&](auto... i) { wrong += a(i...) != element_at<T, N>(at); }, at);
    });
    EXPECT_EQ(wrong, 0);
}

/// The call fails on all ranks, in the same way and with the same words.
inline void expect_same_refusal(const std::function<void()>& call, errc code,
                                const std::vector<std::string>& words) {
    const caught_error failure = caught(call);
    EXPECT_EQ(failure.code, make_error_code(code)) << failure.text;
    EXPECT_TRUE(failure.collective);
    EXPECT_EQ(failure.text, of_first_rank(failure.text));
    for (const std::string& word : words) EXPECT_THAT(failure.text, testing::HasSubstr(word));
}

/// Files of this process cannot grow beyond `bytes` while it lives: a disk that fills up.
class file_size_limit {
public:
    explicit file_size_limit(rlim_t bytes) : old_handler_(std::signal(SIGXFSZ, SIG_IGN)) {
        getrlimit(RLIMIT_FSIZE, &old_);
        const rlimit limit{bytes, old_.rlim_max};
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~file_size_limit() {
        setrlimit(RLIMIT_FSIZE, &old_);
        std::signal(SIGXFSZ, old_handler_);
    }
    file_size_limit(const file_size_limit&) = delete;
    file_size_limit& operator=(const file_size_limit&) = delete;

private:
    rlimit old_{};
    void (*old_handler_)(int);
};

} // namespace nodespan::test
