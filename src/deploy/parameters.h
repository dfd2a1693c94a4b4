// Parameter values of one stack operation: given ones, previous ones and defaults, checked against their declarations.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "deploy/template.h"

namespace tidemill::deploy {

struct GivenParameter {
  std::string key;
  std::string value;
  bool use_previous = false;
};

struct ParameterValue {
  std::string value;                    // as given or by default: for an SSM parameter, its name
  std::optional<std::string> resolved;  // of an SSM parameter type
  bool operator==(const ParameterValue&) const = default;
};
using ParameterValues = Named<ParameterValue>;

// The value of an SSM parameter, or nothing.
using StoredParameters = std::function<std::optional<std::string>(std::string_view name)>;

Result<ParameterValues> bind_parameters(const Template& source, const std::vector<GivenParameter>& given,
                                        const ParameterValues& previous, const StoredParameters& stored);

// What Ref gives: text, or a list for list types.
Named<json::Value> parameter_values_for_ref(const Template& source, const ParameterValues& values);

}  // namespace tidemill::deploy
