#include "sink/output_queue.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace wallaroo::internal {

namespace {

constexpr std::size_t max_spare_chunks = 4;
constexpr std::size_t max_spare_bytes = 4 * OutputQueue::coalesced_bytes;

}  // namespace

OutputQueue::Chunk& OutputQueue::append_chunk() {
  if (spare_.empty()) {
    return chunks_.emplace_back();
  }
  chunks_.push_back(std::move(spare_.back()));
  spare_.pop_back();
  return chunks_.back();
}

void OutputQueue::append_copy(const ByteBatch& batch) {
  const bool fits =
      !chunks_.empty() && chunks_.back().bytes.size() + batch.bytes.size() <= coalesced_bytes;
  Chunk& chunk = fits ? chunks_.back() : append_chunk();
  const auto offset = static_cast<std::uint32_t>(chunk.bytes.size());
  chunk.bytes += batch.bytes;
  const std::size_t before = chunk.ends.size();
  chunk.ends.resize(before + batch.ends.size());
  std::transform(batch.ends.begin(), batch.ends.end(),
                 chunk.ends.begin() + static_cast<std::ptrdiff_t>(before),
                 [offset](std::uint32_t end) { return end + offset; });
}

void OutputQueue::push(ByteBatch& batch) {
  const std::size_t size = batch.bytes.size();
  const Mark mark{size, batch.ends.size(), batch.ingest_ns};
  if (size == 0) {
    metrics_.records.add(mark.records);
    record_latency(mark, clock_.now_ns());
    batch.clear();
    return;
  }
  // A buffer that is mostly empty is left to the batch: queued, it would hold memory that the
  // bound of the queue does not see.
  if (size * 2 >= batch.bytes.capacity()) {
    Chunk& chunk = append_chunk();
    std::swap(chunk.bytes, batch.bytes);
    std::swap(chunk.ends, batch.ends);
  } else {
    append_copy(batch);
  }
  Chunk& last = chunks_.back();
  last.marks.push_back({last.bytes.size(), mark.records, mark.ingest_ns});
  bytes_ += size;
  records_ += mark.records;
  metrics_.buffered_bytes.set(static_cast<std::int64_t>(bytes_));
  batch.clear();
}

std::size_t OutputQueue::gather(std::span<iovec> parts) const {
  std::size_t count = 0;
  for (auto chunk = chunks_.begin(); chunk != chunks_.end() && count < parts.size(); ++chunk) {
    const std::size_t skip = count == 0 ? first_bytes_ : 0;
    // iovec has no const, but writing calls do not write into it.
    parts[count++] = {const_cast<char*>(chunk->bytes.data()) + skip, chunk->bytes.size() - skip};
  }
  return count;
}

void OutputQueue::taken(std::size_t bytes) {
  check(bytes <= bytes_, "no more bytes are taken than were queued");
  bytes_ -= bytes;
  metrics_.bytes.add(bytes);
  metrics_.buffered_bytes.set(static_cast<std::int64_t>(bytes_));
  while (bytes > 0) {
    const std::size_t step = std::min(bytes, chunks_.front().bytes.size() - first_bytes_);
    first_bytes_ += step;
    bytes -= step;
    count_taken_records();
    if (first_bytes_ == chunks_.front().bytes.size()) {
      drop_first_chunk();
    }
  }
}

void OutputQueue::count_taken_records() {
  const Chunk& chunk = chunks_.front();
  const auto next = chunk.ends.begin() + static_cast<std::ptrdiff_t>(first_records_);
  const auto end = first_bytes_ == chunk.bytes.size()
                       ? chunk.ends.end()
                       : std::upper_bound(next, chunk.ends.end(), first_bytes_);
  const auto whole = static_cast<std::size_t>(end - next);
  first_records_ += whole;
  records_ -= whole;
  records_before_barrier_ -= std::min<std::uint64_t>(records_before_barrier_, whole);
  metrics_.records.add(whole);
  const std::int64_t now_ns = clock_.now_ns();
  while (first_marks_ < chunk.marks.size() && chunk.marks[first_marks_].end <= first_bytes_) {
    record_latency(chunk.marks[first_marks_++], now_ns);
  }
}

void OutputQueue::record_latency(const Mark& mark, std::int64_t now_ns) {
  if (mark.ingest_ns != 0 && mark.records != 0) {
    metrics_.latency.record(now_ns - mark.ingest_ns, mark.records);
  }
}

void OutputQueue::drop_first_chunk() {
  Chunk& chunk = chunks_.front();
  if (spare_.size() < max_spare_chunks && chunk.bytes.capacity() <= max_spare_bytes) {
    chunk.bytes.clear();
    chunk.ends.clear();
    chunk.marks.clear();
    spare_.push_back(std::move(chunk));
  }
  chunks_.pop_front();
  first_bytes_ = 0;
  first_records_ = 0;
  first_marks_ = 0;
}

void OutputQueue::restore_torn_record() {
  if (chunks_.empty()) {
    return;
  }
  const std::size_t start = first_records_ == 0 ? 0 : chunks_.front().ends[first_records_ - 1];
  bytes_ += first_bytes_ - start;
  first_bytes_ = start;
  metrics_.buffered_bytes.set(static_cast<std::int64_t>(bytes_));
}

std::uint64_t OutputQueue::discard() {
  const std::uint64_t lost = records_;
  while (!chunks_.empty()) {
    drop_first_chunk();
  }
  bytes_ = 0;
  records_ = 0;
  metrics_.buffered_bytes.set(0);
  return lost;
}

}  // namespace wallaroo::internal
