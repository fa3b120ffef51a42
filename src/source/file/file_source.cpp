#include "source/file/file_source.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <wallaroo/types/error.hpp>

#include "base/option_check.hpp"
#include "source/file/file_input.hpp"
#include "source/file/file_merge.hpp"
#include "source/file/file_paths.hpp"
#include "source/file/file_restore.hpp"
#include "source/file/files_reader.hpp"
#include "source/naming.hpp"

namespace wallaroo::internal {
namespace {

FilePlan make_plan(std::string name, FileSourceOptions options) {
  return naming_source(name, [&] {
    Framer framer(std::move(options.framing), options.max_frame_bytes);
    return FilePlan{.source = name,
                    .paths = std::move(options.paths),
                    .repeat = options.repeat,
                    .framer = std::move(framer),
                    .in_order = options.in_order};
  });
}

void check_paths(const FilePlan& plan) {
  if (plan.paths.empty() || std::count(plan.paths.begin(), plan.paths.end(), "") > 0) {
    throw ConfigError("it has no path to read; '-' is standard input");
  }
  const auto inputs = std::count(plan.paths.begin(), plan.paths.end(), standard_input_path);
  if (inputs > 1 || (inputs == 1 && plan.repeat != 1)) {
    throw ConfigError("standard input can be read only once");
  }
  for (const std::string& path : plan.paths) {
    OptionCheck("").path("a path", path);
    check_readable(path);
  }
}

}  // namespace

FileSource::FileSource(std::string name, FileSourceOptions options)
    : plan_(make_plan(std::move(name), std::move(options))) {}

void FileSource::open() {
  naming_source(plan_.source, [&] {
    plan_.paths = expand_patterns(plan_.paths);
    check_paths(plan_);
    plan_.merge =
        plan_.event_time && !plan_.in_order && plan_.repeat == 1 && plan_.paths.size() > 1;
    begin_shares(plan_);
  });
}

void FileSource::set_address(const std::string& address) { plan_.paths = {address}; }

bool FileSource::set_paths(const std::vector<std::string>& paths) {
  plan_.paths = paths;
  return true;
}

void FileSource::restore(std::vector<SourcePosition> positions) {
  naming_source(plan_.source, [&] { restore_files(plan_, positions); });
}

std::string FileSource::address() const {
  constexpr std::size_t most = 10;
  const auto& paths = plan_.paths;
  if (paths.size() <= most) {
    return fmt::format("{}", fmt::join(paths, ", "));
  }
  return fmt::format("{} and {} more", fmt::join(paths.begin(), paths.begin() + most, ", "),
                     paths.size() - most);
}

std::vector<std::string> FileSource::files() const {
  std::vector<std::string> files = plan_.paths;
  files.insert(files.end(), plan_.resume_spot.files.begin(), plan_.resume_spot.files.end());
  for (const FileShare& share : plan_.shares) {
    files.insert(files.end(), share.spot.files.begin(), share.spot.files.end());
  }
  return files;
}

std::unique_ptr<SourceReader> FileSource::reader(int index, int, const ReaderContext& context) {
  if (index != 0) {
    return std::make_unique<IdleReader>();
  }
  if (plan_.merge) {
    return std::make_unique<FileMerge>(plan_, context);
  }
  return std::make_unique<FilesReader>(plan_, context);
}

}  // namespace wallaroo::internal
