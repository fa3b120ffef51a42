// Keeps the descriptors 0, 1 and 2 for standard input, output and error.
#pragma once

namespace wallaroo::internal {

/// When a program is started with one of them closed (`program >&-`), the next file or socket that
/// it opens gets that number, and lines meant for standard output or error would go into it. This
/// fills the gaps with descriptors that can be neither read nor written, before anything is opened.
void reserve_standard_streams();

}  // namespace wallaroo::internal
