#include "checkpoint/store/store_writer.hpp"

#include <string>
#include <utility>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "base/check.hpp"
#include "checkpoint/store/manifest_file.hpp"
#include "checkpoint/store/store_layout.hpp"

namespace wallaroo::internal {

void publish_manifest(CheckpointFiles& files, std::uint64_t number, std::string_view manifest) {
  const std::string name = manifest_name(number);
  if (!files.create(name, manifest) && read_whole(files, name) != manifest) {
    throw IoError(
        fmt::format("checkpoint {} was not published, because {} exists: another process "
                    "writes to this directory; stop that one, or give this one a "
                    "directory of its own",
                    number, files.shown(name)));
  }
}

CheckpointWriter::CheckpointWriter(std::shared_ptr<CheckpointFiles> files, std::uint64_t number,
                                   std::uint64_t writer, const Log& log)
    : files_(std::move(files)), writer_(writer), state_(files_, {number}, log) {}

void CheckpointWriter::durable() {
  draft_.add(state_.finish());
  durable_ = true;
}

Manifest CheckpointWriter::publish(Manifest manifest) {
  check(std::exchange(durable_, false), "a manifest is published once, after its state is durable");
  manifest.number = number();
  manifest.writer = writer_;
  manifest = draft_.complete(std::move(manifest));
  publish_manifest(*files_, manifest.number, encode_manifest(manifest));
  return manifest;
}

}  // namespace wallaroo::internal
