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
  bool blank = false;
  for (const char c : trimmed(value)) {
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

bool http_equal(std::string_view name, std::string_view lower) {
  return name.size() == lower.size() && std::ranges::equal(name, lower, [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
         });
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

std::string canonical_headers(const http::Headers& headers, const std::vector<std::string>& signed_names) {
  std::string out;
  for (const std::string& name : signed_names) {
    out += name;
    out += ':';
    bool first = true;
    for (const auto& header : headers) {
      if (!http_equal(header.name, name)) continue;
      if (!first) out += ',';
      first = false;
      append_collapsed(out, header.value);
    }
    out += '\n';
  }
  return out;
}

std::string canonical_request(std::string_view method, std::string_view path, std::string_view query,
                              std::string_view headers, const std::vector<std::string>& signed_names,
                              std::string_view payload_hash) {
  std::string out;
  out.reserve(256 + headers.size() + query.size());
  out.append(method).append("\n").append(path).append("\n").append(query).append("\n").append(headers).append("\n");
  for (std::size_t i = 0; i < signed_names.size(); ++i) {
    if (i > 0) out += ';';
    out += signed_names[i];
  }
  out.append("\n").append(payload_hash);
  return out;
}

}  // namespace tidemill::auth
