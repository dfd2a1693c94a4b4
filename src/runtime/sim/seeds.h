// Which seeds a simulation lives through: `usual` many; TIDEMILL_SIM_SEEDS says another number (the long runs of
// `./dev sim`), TIDEMILL_SIM_SEED one seed alone, as a failure prints it.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <ranges>
#include <string>

#include "runtime/system.h"

namespace tidemill::runtime {

inline auto simulation_seeds(std::uint64_t usual) {
  const auto number = [](const std::string& text) { return std::strtoull(text.c_str(), nullptr, 10); };
  const auto one = environment_variable("TIDEMILL_SIM_SEED");
  const auto many = environment_variable("TIDEMILL_SIM_SEEDS");
  const std::uint64_t from = one.empty() ? 1 : number(one);
  const std::uint64_t count = !one.empty() ? 1 : many.empty() ? usual : number(many);
  return std::views::iota(from, from + count);
}

}  // namespace tidemill::runtime
