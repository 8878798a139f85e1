#include "attach_file.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;
using nodespan::detail::attach_file;
using nodespan::detail::attach_folder_path;
using nodespan::detail::open_private_folder;
using nodespan::detail::private_folder;

// A folder of this test's own, which goes with it.
class scratch {
public:
    scratch() {
        std::string name = (fs::temp_directory_path() / "attach.XXXXXX").string();
        path_ = mkdtemp(name.data());
    }
    ~scratch() { fs::remove_all(path_); }
    scratch(const scratch&) = delete;
    scratch& operator=(const scratch&) = delete;

    std::string operator/(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

std::string text_of(const std::string& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

unsigned mode_of(const std::string& file) {
    struct stat found {};
    return lstat(file.c_str(), &found) == 0 ? found.st_mode & 0777 : 0;
}

std::string problem_with(const std::string& folder) {
    const private_folder found = open_private_folder(folder);
    if (found.descriptor >= 0) close(found.descriptor);
    return found.problem;
}

TEST(AttachFolder, IsMadeForThisUserAlone) {
    const scratch here;

    EXPECT_EQ(problem_with(here / "told"), "");
    EXPECT_EQ(problem_with(here / "told"), ""); // again: it is there

    EXPECT_EQ(mode_of(here / "told"), 0700U);
}

TEST(AttachFolder, ThatOthersMayEnterOrIsAnotherThingIsRefused) {
    const scratch here;
    fs::create_directory(here / "open");
    ASSERT_EQ(chmod((here / "open").c_str(), 0750), 0);
    fs::create_directory_symlink(here / "closed", here / "link");
    std::ofstream(here / "file").put('x');

    EXPECT_NE(problem_with(here / "open").find("chmod 700"), std::string::npos);
    EXPECT_NE(problem_with(here / "link"), "");
    EXPECT_NE(problem_with(here / "file"), "");
    EXPECT_NE(problem_with(here / "none/told"), "");
    EXPECT_EQ(mode_of(here / "open"), 0750U); // left as it was
}

TEST(AttachFolder, OfAnotherUserIsRefused) {
    if (geteuid() != 0) GTEST_SKIP() << "only root can give a folder away";
    const scratch here;
    fs::create_directory(here / "theirs");
    ASSERT_EQ(chown((here / "theirs").c_str(), 65534, 65534), 0);

    EXPECT_NE(problem_with(here / "theirs").find("another user"), std::string::npos);
}

TEST(AttachFolder, IsWhereTheVariablesSay) {
    setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
    setenv("NODESPAN_ATTACH_DIR", "/chosen", 1);
    EXPECT_EQ(attach_folder_path(), "/chosen");
    unsetenv("NODESPAN_ATTACH_DIR");
    EXPECT_EQ(attach_folder_path(), "/run/user/7/nodespan");
    unsetenv("XDG_RUNTIME_DIR");
    EXPECT_EQ(attach_folder_path(), "/tmp/nodespan-" + std::to_string(geteuid()));
}

TEST(AttachFile, HasLinesOfOneLengthThatAreUsedAgain) {
    const scratch here;
    attach_file file(open_private_folder(here / "told"), "one", "first");

    EXPECT_EQ(file.write("a"), 1U);
    EXPECT_EQ(file.write("b"), 2U);
    file.erase(1);
    EXPECT_EQ(file.write("c"), 1U);
    file.erase(2);

    const std::string text = text_of(here / "told/one");
    ASSERT_EQ(text.size(), 3 * attach_file::line_bytes);
    EXPECT_EQ(text.substr(0, 6), "first ");
    EXPECT_EQ(text.substr(attach_file::line_bytes - 1, 3), "\nc ");
    EXPECT_EQ(text.find_first_not_of(" \n", 2 * attach_file::line_bytes), std::string::npos);
    EXPECT_EQ(mode_of(here / "told/one"), 0600U);
}

TEST(AttachFile, GoesWithItsObjectAndWhatComesLaterDoesNothing) {
    const scratch here;
    {
        attach_file file(open_private_folder(here / "told"), "one", "first");
        ASSERT_TRUE(fs::exists(here / "told/one"));
        file.remove();
        EXPECT_FALSE(fs::exists(here / "told/one"));
        EXPECT_EQ(file.write("a"), 0U);
        file.erase(1);
    }
    {
        const attach_file again(open_private_folder(here / "told"), "one", "first");
        EXPECT_EQ(again.problem(), "");
    }
    EXPECT_FALSE(fs::exists(here / "told/one"));
}

TEST(AttachFile, ThatIsThereAlreadyIsNotTouched) {
    const scratch here;
    fs::create_directory(here / "told");
    ASSERT_EQ(chmod((here / "told").c_str(), 0700), 0);
    std::ofstream(here / "target") << "precious";
    fs::create_symlink(here / "target", here / "told/one");

    attach_file file(open_private_folder(here / "told"), "one", "first");

    EXPECT_NE(file.problem(), "");
    EXPECT_EQ(file.write("a"), 0U);
    EXPECT_EQ(text_of(here / "target"), "precious");
    EXPECT_TRUE(fs::is_symlink(here / "told/one"));
}

TEST(AttachFile, TakesNoLineThatIsTooLong) {
    const scratch here;
    attach_file file(open_private_folder(here / "told"), "one", "first");

    EXPECT_EQ(file.write(std::string(attach_file::line_bytes, 'x')), 0U);
    EXPECT_EQ(file.write(std::string(attach_file::line_bytes - 1, 'x')), 1U);
}

} // namespace
