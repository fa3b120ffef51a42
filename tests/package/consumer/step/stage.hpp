#pragma once

namespace consumer {
inline constexpr int limit = 100;
}
