#include "checkpoint/files/directory_files.hpp"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "io/durable_file.hpp"
#include "io/file_descriptor.hpp"

namespace wallaroo::internal {

namespace {

constexpr FailpointGroup of_manifests("store.manifest");
constexpr FailpointGroup of_data("store.data");
constexpr FailpointGroup of_removal("store.prune.manifest");

class AppendedToDirectory final : public AppendedFile {
 public:
  explicit AppendedToDirectory(std::filesystem::path path)
      : path_(std::move(path)),
        temporary_(temporary_name(path_)),
        file_(DurableFile::create(temporary_, of_data)) {}
  ~AppendedToDirectory() override {
    if (!finished_) {
      ::unlink(temporary_.c_str());
    }
  }

  void append(std::string_view bytes) override { file_.append(bytes); }
  void finish() override {
    file_.sync();
    file_.close();
    finished_ = give_name(temporary_, path_, of_manifests);
    if (!finished_) {
      throw IoError(file_error("create", path_, EEXIST));
    }
  }

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;
  DurableFile file_;
  bool finished_ = false;
};

bool is_temporary(const std::filesystem::path& path) { return path.extension() == ".tmp"; }

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
  return std::make_unique<AppendedToDirectory>(directory_ / name);
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

std::vector<FoundFile> DirectoryFiles::list(const std::string& folder) {
  const std::filesystem::path path = directory_ / folder;
  std::vector<FoundFile> found;
  std::error_code error;
  for (std::filesystem::directory_iterator file(path, error), end; !error && file != end;
       file.increment(error)) {
    std::error_code gone;
    const std::uint64_t bytes = file->file_size(gone);
    if (!gone && !is_temporary(file->path())) {
      found.push_back({fmt::format("{}/{}", folder, file->path().filename().string()), bytes});
    }
  }
  if (error) {
    throw IoError(file_error("list", path, error.value()));
  }
  std::sort(found.begin(), found.end(),
            [](const FoundFile& a, const FoundFile& b) { return a.name < b.name; });
  // A name that another process has just made is visible before it is durable. Who acts upon it
  // must not lose it.
  sync_directory(path, of_manifests);
  return found;
}

void DirectoryFiles::remove(const std::string& name) { remove_file(directory_ / name, of_removal); }

bool DirectoryFiles::fences() {
  const std::string probe = temporary_name("probe").string();
  try {
    const bool first = create(probe, "1");
    const bool second = create(probe, "2");
    remove(probe);
    return first && !second;
  } catch (const IoError&) {
    return false;
  }
}

}  // namespace wallaroo::internal
