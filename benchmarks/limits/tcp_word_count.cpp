// Newline text in over TCP, a line with the running total of every word out over TCP.
//
// Two threads in a row: one reads, splits and hashes, the other counts, formats and writes. On two
// cores this beats one thread for everything, which leaves the sender's and receiver's core half
// idle; the reader shares its core with those two.
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <system_error>
#include <thread>

#include "limits/sockets.hpp"
#include "limits/word_lines.hpp"
#include "limits/word_runs.hpp"

namespace wallaroo::bench {
namespace {

constexpr std::size_t kTextBytes = std::size_t{16} << 10;
constexpr std::size_t kTextWords = kTextBytes / 2 + 1;
constexpr std::size_t kOutBytes = std::size_t{256} << 10;
constexpr std::uint32_t kBlocks = 8;

// Text, and the words that were found in it.
struct Block {
  std::array<char, kTextBytes + kCopySlack> text;
  std::size_t text_size = 0;
  std::size_t word_count = 0;
  std::array<HashedWord, kTextWords> words;
};

// Blocks handed from one thread to the other and back; either sleeps when the other is behind.
class BlockQueue {
 public:
  Block& writable() {
    const std::uint32_t at = written_.load(std::memory_order_relaxed);
    for (std::uint32_t read = read_.load(std::memory_order_acquire); at - read == kBlocks;
         read = read_.load(std::memory_order_acquire)) {
      read_.wait(read, std::memory_order_acquire);
    }
    return blocks_[at % kBlocks];
  }
  void publish() { advance(written_); }

  bool empty() const {
    return written_.load(std::memory_order_acquire) == read_.load(std::memory_order_relaxed);
  }
  const Block& readable() {
    const std::uint32_t at = read_.load(std::memory_order_relaxed);
    written_.wait(at, std::memory_order_acquire);
    return blocks_[at % kBlocks];
  }
  void release() { advance(read_); }

 private:
  static void advance(std::atomic<std::uint32_t>& counter) {
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    counter.notify_one();
  }

  alignas(128) std::atomic<std::uint32_t> written_{0};
  alignas(128) std::atomic<std::uint32_t> read_{0};
  std::unique_ptr<Block[]> blocks_{new Block[kBlocks]};
};

// Fills blocks with whole words; the cut word at the end of a read opens the next block.
class Reader {
 public:
  explicit Reader(BlockQueue& queue) : queue_(queue) {}

  // Reads the available bytes; returns false at the end of the input.
  bool read_all(int fd) {
    for (;;) {
      Block& block = queue_.writable();
      std::memcpy(block.text.data(), rest_.data(), rest_size_);
      const std::size_t room = kTextBytes - rest_size_;
      const ssize_t size = read(fd, block.text.data() + rest_size_, room);
      if (size < 0 && errno == EINTR) continue;
      if (size < 0 && errno == EAGAIN) return true;
      if (size < 0) throw std::system_error(errno, std::generic_category(), "read");
      if (size == 0) return false;
      block.text_size = rest_size_ + static_cast<std::size_t>(size);
      find_words(block);
      if (static_cast<std::size_t>(size) < room) return true;
    }
  }

  // Tells the other thread that nothing follows.
  void finish() {
    queue_.writable().text_size = 0;
    queue_.publish();
  }

 private:
  void find_words(Block& block) {
    const std::string_view bytes(block.text.data(), block.text_size);
    const std::string_view text = whole_words(bytes);
    rest_size_ = bytes.size() - text.size();
    if (rest_size_ == kTextBytes) throw std::runtime_error("a word longer than a block");
    std::memcpy(rest_.data(), text.data() + text.size(), rest_size_);
    for_each_word_between<' ', '\n'>(text, [&](std::string_view word) { runs_->add(word); });
    HashedWord* to = block.words.data();
    runs_->hash_all([&to](const HashedWord& word) { *to++ = word; }, [] {});
    block.word_count = static_cast<std::size_t>(to - block.words.data());
    queue_.publish();
  }

  BlockQueue& queue_;
  std::unique_ptr<WordRuns<kTextWords>> runs_ = std::make_unique<WordRuns<kTextWords>>();
  std::array<char, kTextBytes> rest_;
  std::size_t rest_size_ = 0;
};

// Counts the words of all blocks. Lines are written when the buffer is full or no block waits.
class Writer {
 public:
  Writer(BlockQueue& queue, int fd) : queue_(queue), fd_(fd) {}

  void run() {
    for (;;) {
      const Block& block = queue_.readable();
      if (block.text_size == 0) return flush();
      count(block);
      queue_.release();
      if (queue_.empty()) flush();
    }
  }

 private:
  void count(const Block& block) {
    char* to = to_;
    const char* const full = buffer_.get() + kOutBytes;
    for (std::size_t i = 0; i < block.word_count; ++i) {
      const HashedWord& hashed = block.words[i];
      const std::string_view word(hashed.data, hashed.size);
      const std::uint64_t total = totals_.add(hashed);
      if (to + line_room(word) > full) [[unlikely]] {
        to_ = to;
        flush();
        to = to_;
      }
      to = write_line(to, word, total);
    }
    to_ = to;
  }

  void flush() {
    write_all(fd_, buffer_.get(), static_cast<std::size_t>(to_ - buffer_.get()));
    to_ = buffer_.get();
  }

  BlockQueue& queue_;
  int fd_;
  WordTable totals_;
  std::unique_ptr<char[]> buffer_{new char[kOutBytes]};
  char* to_ = buffer_.get();
};

void run(const Addresses& addresses) {
  const int listener = listen_on(addresses.listen);
  const int out = connect_to(addresses.out);
  BlockQueue queue;
  std::jthread writer([&] { Writer(queue, out).run(); });
  Reader reader(queue);
  serve(listener, [&](int fd) { return reader.read_all(fd); });
  reader.finish();
}

}  // namespace
}  // namespace wallaroo::bench

int main(int argc, char** argv) {
  return wallaroo::bench::run_server(argc, argv, "word count over TCP, written by hand",
                                     wallaroo::bench::run);
}
