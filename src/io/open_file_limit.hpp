// How many descriptors this process may have.
#pragma once

#include <cstddef>

namespace wallaroo::internal {

/// Raises the soft limit of open files to the hard one, as 10,000 connections do not fit the usual
/// 1,024. Returns the limit then in force. It is the whole process's, so programs call it, not the
/// library.
std::size_t raise_open_file_limit();

}  // namespace wallaroo::internal
