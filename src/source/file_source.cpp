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
    return FilePlan{name, std::move(options.paths), options.repeat, std::move(framer)};
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

}  // namespace

FileSource::FileSource(std::string name, FileSourceOptions options)
    : plan_(make_plan(std::move(name), std::move(options))) {}

void FileSource::open() {
  naming_source(plan_.source, [&] { check_paths(plan_); });
}

void FileSource::set_address(const std::string& address) { plan_.paths = {address}; }

std::string FileSource::address() const { return fmt::format("{}", fmt::join(plan_.paths, ", ")); }

std::unique_ptr<SourceConnector> FileSource::connector(int index, int,
                                                       const ConnectorContext& context) {
  if (index != 0) {
    return std::make_unique<IdleConnector>();
  }
  return std::make_unique<FileConnector>(plan_, context);
}

}  // namespace wallaroo::internal
