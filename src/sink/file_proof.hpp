// Whether what lies at a file sink's path is what it has committed.
#pragma once

#include "sink/file_committed.hpp"
#include "sink/file_transaction.hpp"

namespace wallaroo::internal {

/// Of the last file of the transaction, as it will be once that is committed. Reads at most twice
/// FileProof::max_sample_bytes. Throws IoError.
FileProof prove(const CommittedFiles& files, const FileTransaction& transaction);

/// Before anything is touched: throws ConfigError when the file that lies there is not what the
/// transaction has been prepared for. A file that was moved or copied with its content is; so is
/// one to which nothing had been committed, if there is nothing in it.
void check_output(const CommittedFiles& files, const FileTransaction& transaction);

}  // namespace wallaroo::internal
