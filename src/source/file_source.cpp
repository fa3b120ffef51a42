#include "source/file_source.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <wallaroo/error.hpp>

#include "source/naming.hpp"

namespace wallaroo::internal {
namespace {

FilePlan make_plan(std::string name, FileSourceOptions options) {
  return naming_source(name, [&] {
    Framer framer(std::move(options.framing), options.max_frame_bytes);
    return FilePlan{.source = name,
                    .paths = std::move(options.paths),
                    .repeat = options.repeat,
                    .framer = std::move(framer)};
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
    check_readable(path);
  }
}

void check_same_paths(const FilePlan& plan, const FilePosition& position) {
  const bool same = position.path.empty() ? position.path_index <= plan.paths.size()
                                          : position.path_index < plan.paths.size() &&
                                                plan.paths[position.path_index] == position.path;
  if (!same) {
    throw ConfigError(fmt::format(
        "the checkpoint was taken at file {} of its paths, {}, and these are other paths: {}; give "
        "the same ones (more may follow), or start anew with another directory for checkpoints",
        position.path_index + 1, position.path.empty() ? "behind the last one" : position.path,
        fmt::join(plan.paths, ", ")));
  }
}

FileResume resume_at(const FilePlan& plan, const SourcePosition& saved) {
  const FilePosition position = decode_file_position(saved.bytes);
  if (!position.finished) {
    check_same_paths(plan, position);
  }
  const bool search = position.inside && !position.finished;
  return {position, search ? find_file(position, plan.paths) : position.path};
}

}  // namespace

FileSource::FileSource(std::string name, FileSourceOptions options)
    : plan_(make_plan(std::move(name), std::move(options))) {}

void FileSource::open() {
  naming_source(plan_.source, [&] { check_paths(plan_); });
}

void FileSource::set_address(const std::string& address) { plan_.paths = {address}; }

void FileSource::restore(std::vector<SourcePosition> positions) {
  plan_.restored = true;
  if (!positions.empty()) {
    plan_.resume = naming_source(plan_.source, [&] { return resume_at(plan_, positions.front()); });
  }
}

std::string FileSource::address() const { return fmt::format("{}", fmt::join(plan_.paths, ", ")); }

std::unique_ptr<SourceConnector> FileSource::connector(int index, int,
                                                       const ConnectorContext& context) {
  if (index != 0) {
    return std::make_unique<IdleConnector>();
  }
  return std::make_unique<FileConnector>(plan_, context);
}

}  // namespace wallaroo::internal
