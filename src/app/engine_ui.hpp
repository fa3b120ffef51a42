// The metrics UI of an engine.
#pragma once

#include <memory>
#include <string>

#include <wallaroo/engine.hpp>

#include "plan/plan.hpp"
#include "ui/ui.hpp"

namespace wallaroo::internal {

/// Null when the options ask for no pages.
std::shared_ptr<Ui> make_ui(const std::string& application, const EngineOptions& options,
                            const Plan& plan);

/// The engine's options as settings, for programs that give no flags.
std::vector<FlagValue> flags_of(const EngineOptions& options);

}  // namespace wallaroo::internal
