// The external channel of an engine.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <wallaroo/types/original_options.hpp>

#include "app/external/external_channel.hpp"
#include "base/log.hpp"
#include "plan/plan.hpp"
#include "run/outside/state_keys.hpp"

namespace wallaroo::internal {

/// The functions by which the channel asks the engine. It calls them on its own thread.
struct EngineAccess {
  std::function<bool()> initialized;  ///< the application has started
  std::function<bool()> processing;   ///< a run takes records
  std::function<StateKeys()> state_keys;
  std::function<void()> stop;
};

/// The text of a key from its bytes in checkpoints: text keys as they are, nothing for the key of a
/// stage without keys, and JSON for others.
std::string default_key_text(std::string_view bytes, std::string_view schema);

/// Null when the options name no address. Throws ConfigError for an address that makes no sense.
/// `log` must outlive the channel.
std::unique_ptr<ExternalChannel> make_external_channel(const ExternalChannelOptions& options,
                                                       const std::string& application,
                                                       const Plan& plan, EngineAccess access,
                                                       const Log& log);

}  // namespace wallaroo::internal
