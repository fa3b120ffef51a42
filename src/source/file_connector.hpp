// Reads the files of a file source one after the other, on one executor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "source/connector.hpp"
#include "source/file_input.hpp"
#include "source/frame_delivery.hpp"

namespace wallaroo::internal {

/// What a file connector reads; belongs to its source.
struct FilePlan {
  std::string source;
  std::vector<std::string> paths;
  std::uint64_t repeat = 1;  ///< 0: for ever
  Framer framer;
};

class FileConnector final : public SourceConnector {
 public:
  FileConnector(const FilePlan& plan, const ConnectorContext& context);

  void start() override { context_.receiver.open_partition(0); }
  bool poll() override;
  void stop() override;
  bool finished() const override { return finished_; }

 private:
  /// A file being read.
  struct Current {
    Current(const std::string& path, EventLoop& loop, BlockPool& pool)
        : input(path, loop), stream(display_name(path), pool) {}
    FileInput input;
    ByteStream stream;
    std::uint64_t read_bytes = 0;
    bool ended = false;
  };

  bool open_next();
  /// False when nothing can be read now.
  bool read(PollBudget& budget);
  void deliver(PollBudget& budget);
  void end_file();
  void end_stopped();
  bool waiting() const;
  std::uint64_t position_bytes() const;
  [[noreturn]] void refuse(std::string_view error);
  [[noreturn]] void fail(std::string_view error) const;

  const FilePlan& plan_;
  ConnectorContext context_;
  BlockPool pool_;
  FrameDelivery delivery_;
  std::optional<Current> current_;
  std::size_t next_path_ = 0;
  std::uint64_t passes_ = 0;  // complete ones
  bool pass_had_bytes_ = false;
  bool stopped_ = false;
  bool finished_ = false;
};

/// The share of an executor that reads none of the files.
class IdleConnector final : public SourceConnector {
 public:
  void start() override {}
  bool poll() override { return false; }
  void stop() override {}
  bool finished() const override { return true; }
};

}  // namespace wallaroo::internal
