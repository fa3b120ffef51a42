// The limit of open files of this process.
#pragma once

#include <cstddef>

namespace wallaroo::internal {

/// Raises the soft limit of open files to the hard one, because 10,000 connections do not fit the
/// usual 1,024. Returns the new limit. It holds for the whole process, so programs call it, and the
/// library does not.
std::size_t raise_open_file_limit();

}  // namespace wallaroo::internal
