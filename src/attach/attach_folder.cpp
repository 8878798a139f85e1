#include "attach_folder.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace nodespan::detail {
namespace {

std::string value_of(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? "" : value;
}

std::string what_is_wrong_with(const struct stat& found) {
    if (found.st_uid != geteuid()) return "the folder belongs to another user";
    if ((found.st_mode & 077) != 0)
        return fmt::format("others may look into the folder (mode {:o}); chmod 700 closes it",
                           found.st_mode & 0777);
    return "";
}

} // namespace

std::string attach_folder_path() {
    if (const std::string chosen = value_of("NODESPAN_ATTACH_DIR"); !chosen.empty()) return chosen;
    if (const std::string session = value_of("XDG_RUNTIME_DIR"); !session.empty())
        return session + "/nodespan";
    return fmt::format("/tmp/nodespan-{}", geteuid());
}

private_folder open_private_folder(const std::string& path) {
    const auto refused = [&](const std::string& why) { return private_folder{-1, path, why}; };
    const auto refused_by_system = [&] {
        return refused(std::error_code(errno, std::generic_category()).message());
    };
    if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return refused_by_system();
    const int folder = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0) return refused_by_system();
    struct stat found {};
    const bool is_known = fstat(folder, &found) == 0;
    const std::string wrong = is_known ? what_is_wrong_with(found) : "it cannot be examined";
    if (wrong.empty()) return {folder, path, ""};
    close(folder);
    return refused(wrong);
}

} // namespace nodespan::detail
