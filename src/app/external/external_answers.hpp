// Answers the messages of the external channel.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/external/external_message.hpp"

namespace wallaroo::internal {

/// The application as tools see it. Wallaroo 0.6 ran each computation as ten steps on a worker, and
/// its tools ask for their ids. Here a step stands for a tenth of the key groups.
struct ExternalView {
  struct Stage {
    std::string name;
    bool keeps_state = false;
  };
  struct Source {
    std::string name;
    int parallelism = 10;
  };

  std::string application;
  std::string worker;
  std::vector<Stage> stages;  ///< the computations
  std::vector<Source> sources;
};

/// The functions by which answers look at the running application.
struct ExternalHooks {
  std::function<bool()> initialized;  ///< the application has started
  std::function<bool()> processing;   ///< it takes records
  /// The keys of the stages that keep state, as text.
  std::function<std::map<std::string, std::vector<std::string>>()> entities;
  std::function<void(const std::string& text)> print;
  std::function<void(const std::string& text)> shutdown;
};

inline constexpr std::size_t external_steps = 10;

/// The ids of the steps of a stage: numbers of 128 bits in decimal. They are the same in each
/// process and version, and different for each application, worker and stage.
std::array<std::string, external_steps> external_step_ids(const ExternalView& view,
                                                          std::string_view stage);
std::vector<std::string> external_source_ids(const ExternalView& view);

class ExternalAnswers {
 public:
  ExternalAnswers(ExternalView view, ExternalHooks hooks)
      : view_(std::move(view)), hooks_(std::move(hooks)) {}

  /// Does what the message asks for. Returns the answer; nothing for messages without one, and for
  /// those that nobody knows. Passes on what hooks throw.
  std::optional<ExternalMessage> answer(const ExternalMessage& message) const;

 private:
  void act(const ExternalMessage& message) const;

  const ExternalView view_;
  const ExternalHooks hooks_;
};

}  // namespace wallaroo::internal
