#include "file_draft.hpp"
#include "nodespan/error.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace {

using nodespan::detail::file_draft;
namespace fs = std::filesystem;

// A file of a page and a half, which goes with its folder.
class FileDraft : public testing::Test {
protected:
    FileDraft() {
        std::string pattern = (fs::temp_directory_path() / "nodespan_draft_XXXXXX").string();
        folder_ = mkdtemp(pattern.data());
        for (int k = 0; k < 6000; ++k) before.push_back(static_cast<char>('a' + k % 26));
        std::ofstream(name(), std::ios::binary) << before;
    }
    ~FileDraft() override { fs::remove_all(folder_); }

    std::string name() const { return (folder_ / "file").string(); }
    std::string bytes() const {
        std::ifstream in(name(), std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }

    std::string before;

private:
    fs::path folder_;
};

std::string read(const file_draft& draft, std::uint64_t offset, std::size_t count) {
    std::string text(count, '?');
    draft.read(offset, text.data(), count);
    return text;
}

TEST_F(FileDraft, HoldsWhatChangesAndWritesWhatIsNew) {
    file_draft draft = file_draft::open(name());

    draft.write(4090, "0123456789", 10); // over the end of a page
    draft.write(5998, "WXYZ", 4);        // over the end of the file
    draft.write(7000, "new", 3);

    EXPECT_TRUE(bytes().starts_with(before));
    EXPECT_EQ(draft.size(), 7003U);
    EXPECT_EQ(read(draft, 4089, 12),
              before.substr(4089, 1) + "0123456789" + before.substr(4100, 1));
    EXPECT_EQ(read(draft, 5997, 5), before.substr(5997, 1) + "WXYZ");
    EXPECT_EQ(read(draft, 6999, 6), std::string("\0new\0\0", 6));
}

TEST_F(FileDraft, IsTheFileOnceItIsAppliedAndKept) {
    std::string after = before;
    after.replace(10, 3, "new").replace(5998, 2, "WXYZ");
    {
        file_draft draft = file_draft::open(name());
        draft.write(10, "new", 3);
        draft.write(5998, "WXYZ", 4);
        draft.apply();
        draft.unlock();
        draft.keep();
    }

    EXPECT_EQ(bytes(), after);
}

TEST_F(FileDraft, IsTakenBackUnlessItIsKept) {
    for (const bool is_applied : {false, true}) {
        file_draft draft = file_draft::open(name());
        draft.write(10, "new", 3);
        draft.write(5998, "WXYZ", 4);
        draft.set_size(100'000);
        if (is_applied) {
            draft.apply();
            draft.unlock();
            EXPECT_NE(bytes().substr(0, before.size()), before);
        }
    }

    EXPECT_EQ(bytes(), before);
}

TEST_F(FileDraft, IsNotTakenBackFromSomebodyElse) {
    std::string after = before;
    {
        file_draft draft = file_draft::open(name());
        draft.write(10, "new", 3);
        draft.apply();
        draft.unlock();
        file_draft other = file_draft::open(name());
        other.write(before.size(), "more", 4);
        other.keep();
    }

    EXPECT_EQ(bytes(), after.replace(10, 3, "new") + "more");
}

TEST_F(FileDraft, IsLockedAndEndsNoSoonerThanTheFileDid) {
    file_draft draft = file_draft::open(name());

    EXPECT_THROW(file_draft::open(name()), nodespan::error);
    draft.set_size(10);

    EXPECT_EQ(bytes(), before);
}

TEST_F(FileDraft, RemembersWhyAWriteFailedAndWritesNoMore) {
    file_draft draft = file_draft::open(name());
    draft.require_good();

    draft.fail("the disk is full");
    draft.fail("because of that");
    draft.write(before.size(), "more", 4);

    EXPECT_EQ(bytes(), before);
    try {
        draft.require_good();
        FAIL() << "it was not good";
    } catch (const nodespan::error& failure) {
        EXPECT_EQ(failure.code(), nodespan::errc::io);
        EXPECT_NE(std::string(failure.what()).find("the disk is full"), std::string::npos);
    }
}

} // namespace
