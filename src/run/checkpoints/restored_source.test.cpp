// A source that has ended is saved as ended in every later checkpoint.
#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include <gtest/gtest.h>

#include <wallaroo/application.hpp>
#include <wallaroo/codecs.hpp>
#include <wallaroo/sink.hpp>
#include <wallaroo/source.hpp>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "checkpoint/store/store.hpp"
#include "plan/plan.hpp"
#include "run/run.hpp"

namespace wallaroo::internal {
namespace {

class RestoredSource : public testing::TestWithParam<int> {
 protected:
  RestoredSource() {
    std::string name = (std::filesystem::temp_directory_path() / "restored-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
    store_.emplace(root_, CheckpointStore::Access::write);
  }
  ~RestoredSource() override {
    store_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

  Application application() {
    Application app("restored");
    app.source("make", generator_source({.count = 3}, [](std::uint64_t index) { return index; }))
        .to_sink("seen", callback_sink([this](std::uint64_t index) { seen_.push_back(index); }));
    std::ofstream(root_ + "/first") << "a\nb\n";
    std::ofstream(root_ + "/second") << "c\n";
    app.source("read", file_source({.paths = {root_ + "/first", root_ + "/second"}}, text))
        .to_sink("lines", callback_sink([this](std::string line) { lines_ += line; }));
    return app;
  }

  /// Goes on from the newest checkpoint, and takes one before or after its sources could end.
  void start_and_take_checkpoint(const Application& app, bool at_once) {
    RunOptions options;
    options.application = app.name();
    options.checkpoints_inline = true;
    options.restored = store_->latest();
    options.restored_from = &*store_;
    internal::Run run(std::make_shared<Plan>(app.graph(), GetParam()), options, clock_, log_);
    run.open();
    run.start_inline();
    if (!at_once) {
      run.run_inline();
    }
    run.checkpoint_inline(*store_);
    run.run_inline();
  }

  std::string root_;
  ManualClock clock_{0};
  Log log_;
  std::optional<CheckpointStore> store_;
  std::vector<std::uint64_t> seen_;
  std::string lines_;
};

TEST_P(RestoredSource, OneThatHadEndedStaysSoInACheckpointThatIsTakenBeforeItsFirstStep) {
  const Application app = application();
  start_and_take_checkpoint(app, false);
  start_and_take_checkpoint(app, true);
  const Manifest newest = store_->latest().value();
  for (const ManifestSource& source : newest.sources) {
    EXPECT_TRUE(source.ended) << source.name;
  }
  start_and_take_checkpoint(app, false);
  EXPECT_EQ(seen_, (std::vector<std::uint64_t>{0, 1, 2}));
  EXPECT_EQ(lines_, "abc");
}

INSTANTIATE_TEST_SUITE_P(OnExecutors, RestoredSource, testing::Values(1, 3));

}  // namespace
}  // namespace wallaroo::internal
