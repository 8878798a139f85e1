#include "file_replacement.hpp"

#include <nodespan/error.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using namespace nodespan;
using namespace nodespan::detail;
using testing::HasSubstr;
namespace fs = std::filesystem;

class FileReplacement : public testing::Test {
protected:
    FileReplacement() {
        std::string pattern = (fs::temp_directory_path() / "nodespan_replace_XXXXXX").string();
        folder_ = mkdtemp(pattern.data());
    }
    ~FileReplacement() override { fs::remove_all(folder_); }

    fs::path in(const std::string& name) const { return folder_ / name; }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(in(name)) << text;
    }
    std::string read(const std::string& name) const {
        std::ifstream file(in(name));
        return {std::istreambuf_iterator<char>(file), {}};
    }
    // Writes "new" where a name leads.
    void replace(const fs::path& name) const {
        const file_replacement out(name.string());
        posix_file file = out.create();
        file.write(0, "new", 3);
        file.finish();
        out.give_name();
    }
    std::string complaint_of(const fs::path& name) const {
        try {
            replace(name);
        } catch (const error& failure) {
            EXPECT_EQ(failure.code(), errc::io);
            return failure.what();
        }
        return {};
    }
    struct stat status(const std::string& name) const {
        struct stat result {};
        EXPECT_EQ(::lstat(in(name).c_str(), &result), 0) << name;
        return result;
    }
    // What is in the folder, for what is left behind.
    std::size_t files() const {
        return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), {}));
    }

    fs::path folder_;
};

TEST_F(FileReplacement, FollowsLinksAndLeavesThem) {
    fs::create_directories(in("far/away"));
    write("far/away/file", "old");
    fs::create_symlink("far/away/file", in("link"));
    fs::create_symlink(in("link"), in("link to a link"));

    replace(in("link to a link"));

    EXPECT_EQ(read("far/away/file"), "new");
    EXPECT_TRUE(fs::is_symlink(in("link")));
    EXPECT_TRUE(fs::is_symlink(in("link to a link")));
    EXPECT_EQ(file_replacement(in("link").string()).part(), in("far/away/file.part"));
    EXPECT_EQ(files(), 3U);
}

TEST_F(FileReplacement, MakesTheFileThatALinkLeadsTo) {
    fs::create_symlink("later", in("link"));
    fs::create_symlink("none/later", in("lost"));

    replace(in("link"));

    EXPECT_EQ(read("later"), "new");
    EXPECT_TRUE(fs::is_symlink(in("link")));
    EXPECT_THAT(complaint_of(in("lost")), HasSubstr("No such file"));
}

TEST_F(FileReplacement, KeepsModeOwnerAndGroup) {
    write("private", "old");
    ::chmod(in("private").c_str(), 0600);
    write("odd", "old");
    ::chmod(in("odd").c_str(), 0765);
    if (::geteuid() == 0) {
        EXPECT_EQ(::chown(in("odd").c_str(), 12345, 54321), 0);
    }
    const struct stat before = status("odd");

    replace(in("private"));
    replace(in("odd"));

    EXPECT_EQ(status("private").st_mode & 07777, 0600U);
    EXPECT_EQ(status("odd").st_mode & 07777, 0765U);
    EXPECT_EQ(status("odd").st_uid, before.st_uid);
    EXPECT_EQ(status("odd").st_gid, before.st_gid);
}

TEST_F(FileReplacement, ShutsOthersOutWhileItIsWritten) {
    write("private", "old");
    ::chmod(in("private").c_str(), 0600);
    const mode_t old_mask = ::umask(0027);

    const posix_file first = file_replacement(in("private").string()).create();
    const posix_file second = file_replacement(in("another").string()).create();

    ::umask(old_mask);
    EXPECT_EQ(status("private.part").st_mode & 07777, 0600U);
    EXPECT_EQ(status("another.part").st_mode & 07777, 0640U); // as any new file
}

TEST_F(FileReplacement, RemovesWhatAnEarlierRunHasLeftAndFollowsNoLinkThere) {
    write("precious", "old");
    fs::create_symlink("precious", in("file.part"));

    replace(in("file"));

    EXPECT_EQ(read("precious"), "old");
    EXPECT_EQ(read("file"), "new");
    EXPECT_FALSE(fs::is_symlink(in("file")));
    fs::create_directories(in("file.part/full"));
    EXPECT_THAT(complaint_of(in("file")),
                HasSubstr("file.part, which is in the way: Is a directory"));
}

TEST_F(FileReplacement, RefusesWhatIsNoFile) {
    fs::create_directory(in("folder"));
    ASSERT_EQ(::mkfifo(in("pipe").c_str(), 0600), 0);
    fs::create_symlink("/dev/null", in("device"));
    fs::create_symlink("loop", in("loop"));
    write("file", "old");

    EXPECT_THAT(complaint_of(in("folder")), HasSubstr("is a directory, and stays"));
    EXPECT_THAT(complaint_of(in("folder/")), HasSubstr("is a directory, and stays"));
    EXPECT_THAT(complaint_of(in("pipe")), HasSubstr("is no regular file, and stays"));
    EXPECT_THAT(complaint_of("/dev/null"), HasSubstr("is no regular file, and stays"));
    EXPECT_THAT(complaint_of(in("device")), HasSubstr("is no regular file, and stays"));
    EXPECT_THAT(complaint_of(in("loop")), HasSubstr("Too many levels of symbolic links"));
    EXPECT_THAT(complaint_of(in("file/")), HasSubstr("Not a directory"));
    EXPECT_TRUE(fs::is_character_file("/dev/null"));
    EXPECT_TRUE(fs::is_fifo(in("pipe")));
    EXPECT_FALSE(fs::exists("/dev/null.part"));
    EXPECT_EQ(files(), 5U);
}

TEST_F(FileReplacement, RefusesANameWithAZeroByteAndTouchesNothing) {
    write("file", "old");

    EXPECT_THROW(file_replacement(in(std::string("file\0more", 9)).string()), error);

    EXPECT_EQ(read("file"), "old");
    EXPECT_EQ(files(), 1U);
}

TEST_F(FileReplacement, RefusesAFileThatHasLostItsName) {
    write("file", "old");
    const posix_file open = posix_file::open_to_read(in("file").string());
    fs::remove(in("file"));

    EXPECT_THAT(complaint_of("/proc/self/fd/" + std::to_string(open.descriptor())),
                HasSubstr("leads to no name"));
    EXPECT_EQ(files(), 0U);
}

TEST_F(FileReplacement, RefusesAFileThatMayNotBeWritten) {
    write("kept", "old");
    ::chmod(in("kept").c_str(), 0444);
    ::chmod(folder_.c_str(), 0777);
    const bool is_root = ::geteuid() == 0;
    if (is_root) {
        EXPECT_EQ(::seteuid(65534), 0); // who may do everything may write this as well
    }

    const std::string complaint = complaint_of(in("kept"));

    if (is_root) {
        EXPECT_EQ(::seteuid(0), 0);
    }
    EXPECT_THAT(complaint, HasSubstr("cannot write"));
    EXPECT_THAT(complaint, HasSubstr("Permission denied"));
    EXPECT_EQ(read("kept"), "old");
    EXPECT_EQ(files(), 1U);
}

TEST_F(FileReplacement, GivesTheRightsOfAGroupToNoOther) {
    if (::geteuid() != 0)
        GTEST_SKIP() << "needs root, to make a file of a group that is not its own";
    write("shared", "old");
    EXPECT_EQ(::chown(in("shared").c_str(), 65534, 54321), 0);
    ::chmod(in("shared").c_str(), 0664);
    ::chmod(folder_.c_str(), 0777);
    EXPECT_EQ(::seteuid(65534), 0); // its owner, not in its group

    replace(in("shared"));

    EXPECT_EQ(::seteuid(0), 0);
    EXPECT_NE(status("shared").st_gid, 54321U);
    EXPECT_EQ(status("shared").st_mode & 07777, 0604U);
}

TEST_F(FileReplacement, RefusesAFileThatIsBeingWritten) {
    const posix_file first = file_replacement(in("file").string()).create();
    first.write(0, "first", 5);

    EXPECT_THAT(complaint_of(in("file")), HasSubstr("file.part is being written"));

    EXPECT_EQ(read("file.part"), "first");
}

TEST_F(FileReplacement, LeavesNothingBehindWhereItIsDropped) {
    write("file", "old");
    const file_replacement out(in("file").string());
    out.create().write(0, "half", 4);

    out.drop();

    EXPECT_EQ(read("file"), "old");
    EXPECT_EQ(files(), 1U);
}

} // namespace
