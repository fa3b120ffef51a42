// Opens a checkpoint directory for the commands.
#pragma once

#include <string>
#include <string_view>

#include "checkpoint/store/store.hpp"

namespace wallaroo::tool {

/// Opens the directory. Warnings go to standard error.
internal::CheckpointStore open_store(const std::string& directory,
                                     internal::CheckpointStore::Access access);

/// `id`: a number or "latest". Throws wallaroo::Error when there is none, or it is damaged.
internal::Manifest load_checkpoint(const internal::CheckpointStore& store, const std::string& id);

/// Throws wallaroo::ConfigError for a text that is neither a number nor "latest".
void require_checkpoint_id(std::string_view id);

}  // namespace wallaroo::tool
