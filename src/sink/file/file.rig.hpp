// Shared by the tests of the file sink.
#pragma once

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <wallaroo/types/error.hpp>

#include "io/file_descriptor.hpp"
#include "sink/file/file_sink.hpp"
#include "sink/sink.rig.hpp"

namespace wallaroo::internal {

class Directory {
 public:
  Directory() {
    std::string name =
        (std::filesystem::temp_directory_path() / "wallaroo_file_sink_XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() { std::filesystem::remove_all(path_); }
  std::string operator/(const char* name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

/// Replaces standard output by another descriptor, or closes it (-1). The destructor undoes that.
class StandardOutput {
 public:
  explicit StandardOutput(int fd) {
    std::fflush(stdout);
    saved_.reset(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 100));
    if (fd < 0) {
      ::close(STDOUT_FILENO);
    } else {
      ::dup2(fd, STDOUT_FILENO);
    }
  }
  StandardOutput(const StandardOutput&) = delete;
  StandardOutput& operator=(const StandardOutput&) = delete;
  ~StandardOutput() {
    std::fflush(stdout);
    ::dup2(saved_.get(), STDOUT_FILENO);
  }

 private:
  FileDescriptor saved_;
};

/// Runs the test as another user for a while, because root may open anything.
class Unprivileged {
 public:
  Unprivileged() : before_(::geteuid()) {
    if (before_ == 0) {
      EXPECT_EQ(::seteuid(65534), 0);
    }
  }
  Unprivileged(const Unprivileged&) = delete;
  Unprivileged& operator=(const Unprivileged&) = delete;
  ~Unprivileged() {
    EXPECT_EQ(::seteuid(before_), 0);
    ::prctl(PR_SET_DUMPABLE, 1);  // which the change has switched off; debuggers need it
  }

 private:
  uid_t before_;
};

inline std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Runs with SIGPIPE ignored, as executors do.
class FileSinkTest : public testing::Test {
 protected:
  FileSinkTest() { before_ = std::signal(SIGPIPE, SIG_IGN); }
  ~FileSinkTest() override { std::signal(SIGPIPE, before_); }

  void open(const FileSinkOptions& options) {
    sink_ = std::make_unique<FileSink>("totals", options);
    sink_->open();
    writer_ = sink_->writer(world_.context());
    writer_->start();
  }
  void write(const std::vector<std::string>& records) {
    const auto batch = batch_of(records);
    writer_->write(*batch);
  }
  std::string error_of(const std::function<void()>& action) {
    try {
      action();
    } catch (const IoError& error) {
      return error.what();
    }
    return "no error";
  }
  std::string error_of_open(const std::string& path) {
    return error_of([&] { open({.path = path}); });
  }

  SinkWorld<SteadyClock> world_;
  std::unique_ptr<FileSink> sink_;
  std::unique_ptr<SinkWriter> writer_;
  Directory directory_;

 private:
  void (*before_)(int);
};

}  // namespace wallaroo::internal
