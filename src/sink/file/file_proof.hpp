// Checks that the file at a sink's path holds what the sink has committed.
#pragma once

#include "sink/file/file_committed.hpp"
#include "sink/file/file_transaction.hpp"

namespace wallaroo::internal {

/// Returns a proof of the transaction's last file as it will be after the commit. Reads at most
/// twice FileProof::max_sample_bytes. Throws IoError.
FileProof prove(const CommittedFiles& files, const FileTransaction& transaction);

/// Call before any file is changed. Throws ConfigError when the file at the path is not the one
/// that the transaction was prepared for. Accepts a file that was moved or copied, and an empty one
/// if nothing was committed.
void check_output(const CommittedFiles& files, const FileTransaction& transaction);

}  // namespace wallaroo::internal
