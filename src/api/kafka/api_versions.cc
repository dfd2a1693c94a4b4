#include "kafka_messages/api_versions.h"

#include <algorithm>

#include "api/kafka/apis.h"

namespace tidemill::kafka {
namespace {

constexpr std::int16_t kFirstWithSoftware = 3;

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

// Begins and ends with a letter or digit; dashes and dots in between.
bool is_software_text(std::string_view text) {
  return !text.empty() && is_word(text.front()) && is_word(text.back()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_word(c) || c == '-' || c == '.'; });
}

void handle(Call<ApiVersionsApi> call) {
  ApiVersionsResponse response;
  if (call.version() >= kFirstWithSoftware && (!is_software_text(call.request.client_software_name) ||
                                               !is_software_text(call.request.client_software_version))) {
    response.error_code = to_wire(topics::Errc::kInvalidRequest);
    return std::move(call).reply(response);
  }
  for (const auto* entry : apis()) response.api_keys.push_back({entry->key, entry->min, entry->max});
  std::move(call).reply(response);
}

}  // namespace

extern const ApiEntry kApiVersions = api<ApiVersionsApi, handle>("ApiVersions", {0, 4}, true);

}  // namespace tidemill::kafka
