#include "auth/canonical.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"

namespace tidemill::auth {
namespace {

using Part = std::pair<std::string, std::string>;

std::string joined(std::vector<Part> parts) {
  std::ranges::sort(parts);
  std::string out;
  for (const auto& [name, value] : parts) {
    if (!out.empty()) out += '&';
    out += name;
    out += '=';
    out += value;
  }
  return out;
}

template <class F>
void for_each_part(std::string_view query, F f) {
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const std::string_view part = query.substr(0, end);
    query = query.substr(std::min(end + 1, query.size()));
    if (part.empty()) continue;
    const auto equals = part.find('=');
    f(part.substr(0, equals), equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1));
  }
}

// RFC 3986, 5.2.4, and runs of slashes become one.
std::string without_dot_segments(std::string_view path) {
  std::vector<std::string_view> kept;
  std::string_view rest = path;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('/'), rest.size());
    const std::string_view segment = rest.substr(0, end);
    rest = rest.substr(std::min(end + 1, rest.size()));
    if (segment.empty() || segment == ".") continue;
    if (segment == "..") {
      if (!kept.empty()) kept.pop_back();
    } else {
      kept.push_back(segment);
    }
  }
  std::string out = "/";
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (i > 0) out += '/';
    out += kept[i];
  }
  if (out.size() > 1 && path.ends_with('/')) out += '/';
  return out;
}

void append_collapsed(std::string& out, std::string_view value) {
  value = trimmed(value);
  if (value.find("  ") == value.npos && value.find('\t') == value.npos) {
    out += value;
    return;
  }
  bool blank = false;
  for (const char c : value) {
    if (c == ' ' || c == '\t') {
      blank = true;
      continue;
    }
    if (blank) out += ' ';
    blank = false;
    out += c;
  }
}

}  // namespace

SignedNames::SignedNames(std::string_view list) : text_(lower_case(list)) {
  std::string_view rest = text_;
  while (!rest.empty()) {
    const auto end = std::min(rest.find(';'), rest.size());
    if (end > 0) names_.push_back(rest.substr(0, end));
    rest = rest.substr(std::min(end + 1, rest.size()));
  }
  if (!std::ranges::is_sorted(names_)) std::ranges::sort(names_);
  names_.erase(std::unique(names_.begin(), names_.end()), names_.end());
}

std::string SignedNames::joined() const {
  std::string out;
  out.reserve(text_.size());
  for (const auto name : names_) {
    if (!out.empty()) out += ';';
    out += name;
  }
  return out;
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string_view path_of(std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  return path.empty() ? std::string_view("/") : path;
}

std::string_view query_of(std::string_view target) {
  const auto mark = target.find('?');
  return mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
}

std::vector<http::Parameter> decode_query(std::string_view query) {
  std::vector<http::Parameter> out;
  for_each_part(query, [&out](std::string_view name, std::string_view value) {
    out.push_back({percent_decode(name), percent_decode(value)});
  });
  return out;
}

std::vector<std::string> canonical_paths(std::string_view path, std::string_view service) {
  if (path == "/") return {"/"};
  if (service == "s3" || service == "s3express")
    return {percent_encode(percent_decode(path), /*keep_slash=*/true), std::string(path)};
  std::vector<std::string> forms{percent_encode(without_dot_segments(path), /*keep_slash=*/true)};
  const auto add = [&forms](std::string form) {
    if (std::ranges::find(forms, form) == forms.end()) forms.push_back(std::move(form));
  };
  add(percent_encode(path, /*keep_slash=*/true));
  add(std::string(path));
  return forms;
}

std::string canonical_query(std::string_view query, QueryForm form) {
  std::vector<Part> parts;
  for_each_part(query, [&parts, form](std::string_view name, std::string_view value) {
    if (name == "X-Amz-Signature") return;
    if (form == QueryForm::kAsSent)
      parts.emplace_back(name, value);
    else
      parts.emplace_back(percent_encode(percent_decode(name)), percent_encode(percent_decode(value)));
  });
  return joined(std::move(parts));
}

std::string canonical_query(const std::vector<http::Parameter>& parameters) {
  std::vector<Part> parts;
  for (const auto& p : parameters)
    if (p.name != "X-Amz-Signature") parts.emplace_back(percent_encode(p.name), percent_encode(p.value));
  return joined(std::move(parts));
}

std::string canonical_headers(const http::Headers& headers, const SignedNames& signed_names) {
  std::string out;
  out.reserve(512);
  for (const auto name : signed_names) {
    out += name;
    out += ':';
    bool first = true;
    headers.for_each(name, [&out, &first](std::string_view value) {
      if (!first) out += ',';
      first = false;
      append_collapsed(out, value);
    });
    out += '\n';
  }
  return out;
}

std::string canonical_request(std::string_view method, std::string_view path, std::string_view query,
                              std::string_view headers, std::string_view signed_names, std::string_view payload_hash) {
  std::string out;
  out.reserve(method.size() + path.size() + query.size() + headers.size() + signed_names.size() + payload_hash.size() +
              5);
  out.append(method).append("\n").append(path).append("\n").append(query).append("\n").append(headers).append("\n");
  out.append(signed_names).append("\n").append(payload_hash);
  return out;
}

std::string string_to_sign(std::string_view date, const CredentialScope& scope, std::string_view request_hash) {
  std::string out;
  out.reserve(160 + scope.region.size() + scope.service.size());
  out.append(kAlgorithm).append("\n").append(date).append("\n").append(scope.date).append("/").append(scope.region);
  out.append("/").append(scope.service).append("/").append(scope.terminator).append("\n").append(request_hash);
  return out;
}

}  // namespace tidemill::auth
