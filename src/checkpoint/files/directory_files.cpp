#include "checkpoint/files/directory_files.hpp"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "io/durable_file.hpp"
#include "io/file_descriptor.hpp"

namespace wallaroo::internal {

namespace {

constexpr FailpointGroup of_manifests("store.manifest");
constexpr FailpointGroup of_data("store.data");
constexpr FailpointGroup of_abandoned("store.abandon");
constexpr FailpointGroup of_removal("store.prune");
constexpr FailpointGroup of_removed_manifests("store.prune.manifest");
constexpr FailpointGroup of_removed_data("store.prune.data");

bool is_data(std::string_view name) { return name.starts_with("data"); }

class AppendedToDirectory final : public AppendedFile {
 public:
  explicit AppendedToDirectory(const std::filesystem::path& path)
      : file_(DurableFile::create(path, of_data)) {}

  void append(std::string_view bytes) override { file_.append(bytes); }
  void finish() override {
    file_.sync();
    file_.close();
    sync_directory(file_.path().parent_path(), of_data);
  }
  void give_up() override { remove_file(file_.path(), of_abandoned); }

 private:
  DurableFile file_;
};

bool is_leftover(const std::filesystem::path& path) { return path.extension() == ".tmp"; }

FoundFile about(const std::string& name, const struct stat& found) {
  constexpr std::int64_t second_ns = 1'000'000'000;
  return {name, static_cast<std::uint64_t>(found.st_size),
          found.st_mtim.tv_sec * second_ns + found.st_mtim.tv_nsec};
}

/// Calls `visit` with the path of each file.
void visit_folder(const std::filesystem::path& path,
                  const std::function<void(const std::filesystem::path&)>& visit) {
  std::error_code error;
  for (std::filesystem::directory_iterator file(path, error), end; !error && file != end;
       file.increment(error)) {
    visit(file->path());
  }
  if (error) {
    throw IoError(file_error("list the directory", path, error.value()));
  }
}

}  // namespace

DirectoryFiles::DirectoryFiles(std::filesystem::path directory,
                               const std::vector<std::string>& folders)
    : directory_(std::move(directory)) {
  create_directory_durably(directory_);
  for (const std::string& folder : folders) {
    create_directory_durably(directory_ / folder);
  }
}

bool DirectoryFiles::create(const std::string& name, std::string_view bytes) {
  return create_file(directory_ / name, bytes, of_manifests);
}

std::unique_ptr<AppendedFile> DirectoryFiles::append(const std::string& name) {
  const std::filesystem::path path = directory_ / name;
  try {
    return std::make_unique<AppendedToDirectory>(path);
  } catch (const IoError&) {
    struct stat found {};
    if (::stat(path.c_str(), &found) == 0 && found.st_size == 0) {
      ::unlink(path.c_str());  // made, but the disk refused what came after that
    }
    throw;
  }
}

std::string DirectoryFiles::read(const std::string& name, std::uint64_t offset,
                                 std::uint64_t bytes) {
  const std::filesystem::path path = directory_ / name;
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    throw IoError(file_error("read", path, errno));
  }
  std::string content(bytes, '\0');
  std::uint64_t have = 0;
  while (have != bytes) {
    const ssize_t got =
        ::pread(file.get(), content.data() + have, bytes - have, static_cast<off_t>(offset + have));
    if (got == 0) {
      break;
    }
    if (got > 0) {
      have += static_cast<std::uint64_t>(got);
    } else if (errno != EINTR) {
      throw IoError(file_error("read", path, errno));
    }
  }
  content.resize(have);
  return content;
}

std::optional<FoundFile> DirectoryFiles::find(const std::string& name) {
  const std::filesystem::path path = directory_ / name;
  struct stat found {};
  if (::stat(path.c_str(), &found) == 0) {
    return about(name, found);
  }
  if (errno != ENOENT) {
    throw IoError(file_error("look at", path, errno));
  }
  return std::nullopt;
}

std::vector<FoundFile> DirectoryFiles::list(const std::string& folder) {
  std::vector<FoundFile> all;
  visit_folder(directory_ / folder, [&](const std::filesystem::path& path) {
    struct stat found {};
    if (!is_leftover(path) && ::stat(path.c_str(), &found) == 0) {
      all.push_back(about(fmt::format("{}/{}", folder, path.filename().string()), found));
    }
  });
  std::sort(all.begin(), all.end(),
            [](const FoundFile& a, const FoundFile& b) { return a.name < b.name; });
  return all;
}

std::vector<std::string> DirectoryFiles::leftovers(const std::string& folder) {
  std::vector<std::string> all;
  visit_folder(directory_ / folder, [&](const std::filesystem::path& path) {
    if (is_leftover(path)) {
      all.push_back(fmt::format("{}/{}", folder, path.filename().string()));
    }
  });
  std::sort(all.begin(), all.end());
  return all;
}

void DirectoryFiles::settle(const std::string& folder) {
  sync_directory(directory_ / folder, is_data(folder) ? of_data : of_manifests);
}

void DirectoryFiles::remove(const std::vector<std::string>& names) {
  if (names.empty()) {
    return;
  }
  for (const std::string& name : names) {
    remove_file(directory_ / name, is_data(name) ? of_removed_data : of_removed_manifests);
  }
  sync_directory((directory_ / names.front()).parent_path(), of_removal);
}

bool DirectoryFiles::fences() {
  const std::string probe = temporary_name("probe").string();
  try {
    const bool first = create(probe, "1");
    const bool second = create(probe, "2");
    remove({probe});
    return first && !second;
  } catch (const IoError&) {
    return false;
  }
}

std::string DirectoryFiles::shown(const std::string& name) const {
  return fmt::format("'{}'", (directory_ / name).string());
}

}  // namespace wallaroo::internal
