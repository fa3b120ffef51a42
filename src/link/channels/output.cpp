#include "link/channels/output.hpp"

#include <numeric>
#include <utility>

namespace wallaroo::internal::link {

namespace {

constexpr std::size_t most_spare = 4;
constexpr std::size_t most_pieces = 64;

}  // namespace

StoredWriter& Output::writer() {
  if (chunks_.empty() || chunks_.back().size() >= chunk_bytes) {
    if (spare_.empty()) {
      chunks_.emplace_back();
    } else {
      chunks_.push_back(std::move(spare_.back()));
      spare_.pop_back();
    }
  }
  return chunks_.back();
}

bool Output::empty() const { return chunks_.empty() || chunks_.front().size() == sent_; }

std::size_t Output::waiting() const {
  return std::accumulate(
             chunks_.begin(), chunks_.end(), std::size_t{0},
             [](std::size_t sum, const StoredWriter& chunk) { return sum + chunk.size(); }) -
         sent_;
}

bool Output::plenty() const {
  return chunks_.size() > 1 || (!chunks_.empty() && chunks_.front().size() - sent_ >= chunk_bytes);
}

int Output::send(int socket) {
  while (!empty()) {
    const std::size_t offered = gather(pieces_);
    const IoResult result = send_pieces(socket, pieces_);
    if (result.error != 0) {
      return result.would_block() ? 0 : result.error;
    }
    drop(result.bytes);
    if (result.bytes < offered) {
      return 0;
    }
  }
  return 0;
}

std::size_t Output::gather(std::vector<std::string_view>& pieces) const {
  pieces.clear();
  std::size_t offered = 0;
  for (const StoredWriter& chunk : chunks_) {
    pieces.push_back(chunk.bytes().substr(pieces.empty() ? sent_ : 0));
    offered += pieces.back().size();
    if (pieces.size() == most_pieces) {
      break;
    }
  }
  return offered;
}

void Output::drop(std::size_t bytes) {
  sent_ += bytes;
  while (!chunks_.empty() && sent_ >= chunks_.front().size()) {
    sent_ -= chunks_.front().size();
    // A chunk with a huge frame is not kept.
    if (spare_.size() < most_spare && chunks_.front().size() <= 4 * chunk_bytes) {
      chunks_.front().clear();
      spare_.push_back(std::move(chunks_.front()));
    }
    chunks_.pop_front();
  }
}

void Output::clear() {
  chunks_.clear();
  sent_ = 0;
}

}  // namespace wallaroo::internal::link
