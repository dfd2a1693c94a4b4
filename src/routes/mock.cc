#include "routes/mock.h"

#include <fmt/format.h>

#include <charconv>
#include <regex>

namespace tidemill::routes {
namespace {

bool holds_expression(std::string_view text) {
  return text.find('$') != text.npos || text.find("#set") != text.npos || text.find("#if") != text.npos;
}

bool is_literal(std::string_view text) { return text.size() >= 2 && text.front() == '\'' && text.back() == '\''; }

std::string_view content_type(const Incoming& incoming) {
  for (const auto& [name, value] : incoming.headers) {
    if (name.size() == 12 && (name == "Content-Type" || name == "content-type"))
      return std::string_view(value).substr(0, value.find(';'));
  }
  return "application/json";
}

}  // namespace

std::optional<int> mock_status(std::string_view text) {
  const auto at = text.find("statusCode");
  if (at == text.npos) return std::nullopt;
  auto rest = text.substr(at + 10);
  const auto skip = [&rest](std::string_view signs) {
    while (!rest.empty() && signs.find(rest.front()) != signs.npos) rest.remove_prefix(1);
  };
  skip("\"' \t\r\n");
  if (!rest.starts_with(':')) return std::nullopt;
  rest.remove_prefix(1);
  skip("\"' \t\r\n");
  int status = 0;
  if (std::from_chars(rest.data(), rest.data() + rest.size(), status).ec != std::errc{}) return std::nullopt;
  if (status < 100 || status > 599) return std::nullopt;
  return status;
}

Outgoing mock_response(const Integration& integration, const Incoming& incoming) {
  auto found = integration.request_templates.find(std::string(content_type(incoming)));
  if (found == integration.request_templates.end()) {
    if (integration.passthrough == "NEVER" ||
        (integration.passthrough == "WHEN_NO_TEMPLATES" && !integration.request_templates.empty())) {
      return gateway_error(415, "Unsupported Media Type", "UnsupportedMediaTypeException");
    }
    found = integration.request_templates.find("application/json");
  }
  const auto status = found == integration.request_templates.end() ? std::nullopt : mock_status(found->second);
  if (!status) return gateway_error(500, "Internal server error", "InternalServerErrorException", true);

  // The response whose pattern the status matches, else the one without a pattern.
  const std::pair<const std::string, IntegrationResponse>* chosen = nullptr;
  for (const auto& one : integration.responses) {
    if (one.second.selection_pattern.empty()) {
      if (chosen == nullptr) chosen = &one;
      continue;
    }
    try {
      if (std::regex_match(
              std::to_string(*status),
              std::regex(one.second.selection_pattern, std::regex::ECMAScript | std::regex_constants::__polynomial))) {
        chosen = &one;
        break;
      }
    } catch (const std::regex_error&) {  // refused when it is set; a stored one of an older server may still be here
      continue;
    }
  }
  if (chosen == nullptr) return gateway_error(500, "Internal server error", "InternalServerErrorException", true);

  Outgoing out;
  out.status = *status;
  std::from_chars(chosen->first.data(), chosen->first.data() + chosen->first.size(), out.status);
  constexpr std::string_view kHeader = "method.response.header.";
  for (const auto& [target, source] : chosen->second.response_parameters) {
    if (target.starts_with(kHeader) && is_literal(source)) {
      out.headers.emplace_back(target.substr(kHeader.size()), source.substr(1, source.size() - 2));
    }
  }
  const auto body = chosen->second.response_templates.find("application/json");
  if (body != chosen->second.response_templates.end()) out.body = body->second;
  if (out.status != 204) {
    bool typed = false;
    for (const auto& [name, value] : out.headers) typed = typed || name == "Content-Type" || name == "content-type";
    if (!typed) out.headers.emplace_back("Content-Type", "application/json");
  }
  return out;
}

Status check_mapping(const Integration& integration) {
  if (integration.type == IntegrationType::kMock) {
    for (const auto& [type, text] : integration.request_templates) {
      if (holds_expression(text))
        return fail(
            Errc::kBadRequest,
            fmt::format("Mapping templates with expressions are not supported: the request template of {}", type));
    }
  }
  for (const auto& [code, response] : integration.responses) {
    if (auto fine = check_mapping(response); !fine) return fine;
  }
  return {};
}

Status check_mapping(const IntegrationResponse& response) {
  for (const auto& [type, text] : response.response_templates) {
    if (holds_expression(text))
      return fail(
          Errc::kBadRequest,
          fmt::format("Mapping templates with expressions are not supported: the response template of {}", type));
  }
  for (const auto& [target, source] : response.response_parameters) {
    if (!target.starts_with("method.response.header."))
      return fail(Errc::kBadRequest, fmt::format("Invalid mapping expression specified: {}", target));
    if (!is_literal(source))
      return fail(Errc::kBadRequest,
                  fmt::format("Invalid mapping expression specified: {}; only literals in single quotes are supported",
                              source));
    if (source.find_first_of("\r\n") != std::string::npos)
      return fail(Errc::kBadRequest, fmt::format("Invalid mapping expression specified: {}", target));
  }
  if (!response.selection_pattern.empty()) {
    try {
      std::regex(response.selection_pattern, std::regex::ECMAScript | std::regex_constants::__polynomial);
    } catch (const std::regex_error&) {
      return fail(Errc::kBadRequest, "Invalid selection pattern specified");
    }
  }
  return {};
}

}  // namespace tidemill::routes
