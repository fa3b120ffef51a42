#include "checkpoint/store/store_writer.hpp"

#include <utility>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "base/check.hpp"
#include "checkpoint/store/manifest_file.hpp"
#include "checkpoint/store/store_layout.hpp"

namespace wallaroo::internal {

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
  const std::string name = manifest_name(manifest.number);
  const std::string bytes = encode_manifest(manifest);
  if (!files_->create(name, bytes) && read_whole(*files_, name) != bytes) {
    throw IoError(
        fmt::format("checkpoint {} was not published, because {} exists: another process "
                    "writes to this directory; stop that one, or give this one a "
                    "directory of its own",
                    manifest.number, files_->shown(name)));
  }
  return manifest;
}

}  // namespace wallaroo::internal
