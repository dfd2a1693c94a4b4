#include "api/s3/xml.h"

#include <charconv>

namespace tidemill::s3 {
namespace {

constexpr std::size_t kDepthMax = 16;
constexpr std::size_t kElementsMax = 100'000;

void append_utf8(std::string& out, std::uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  std::optional<Element> document() {
    if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
    if (!skip_misc() || !rest_.starts_with('<')) return std::nullopt;
    Element root;
    if (!element(root, 1) || !skip_misc() || !rest_.empty()) return std::nullopt;
    return root;
  }

 private:
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
  void skip_blanks() {
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
  }
  bool skip_past(std::string_view end) {
    const auto at = rest_.find(end);
    if (at == rest_.npos) return false;
    rest_.remove_prefix(at + end.size());
    return true;
  }
  // Blanks, comments and processing instructions.
  bool skip_misc() {
    for (;;) {
      skip_blanks();
      if (rest_.starts_with("<?")) {
        if (!skip_past("?>")) return false;
      } else if (rest_.starts_with("<!--")) {
        if (!skip_past("-->")) return false;
      } else {
        return true;
      }
    }
  }
  std::string name() {
    std::size_t n = 0;
    while (n < rest_.size() && !is_blank(rest_[n]) && rest_[n] != '>' && rest_[n] != '/' && rest_[n] != '=' &&
           rest_[n] != '<')
      ++n;
    auto whole = rest_.substr(0, n);
    rest_.remove_prefix(n);
    if (const auto colon = whole.find(':'); colon != whole.npos) whole.remove_prefix(colon + 1);
    return std::string(whole);
  }
  bool attributes() {
    for (;;) {
      skip_blanks();
      if (rest_.empty()) return false;
      if (rest_.front() == '>' || rest_.front() == '/') return true;
      if (name().empty()) return false;
      skip_blanks();
      if (!rest_.starts_with('=')) return false;
      rest_.remove_prefix(1);
      skip_blanks();
      if (rest_.empty() || (rest_.front() != '"' && rest_.front() != '\'')) return false;
      const char quote = rest_.front();
      rest_.remove_prefix(1);
      if (!skip_past(std::string_view(&quote, 1))) return false;
    }
  }
  bool entity(std::string& out) {
    const auto end = rest_.find(';');
    if (end == rest_.npos || end > 10) return false;
    const auto what = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    if (what == "amp") return out += '&', true;
    if (what == "lt") return out += '<', true;
    if (what == "gt") return out += '>', true;
    if (what == "quot") return out += '"', true;
    if (what == "apos") return out += '\'', true;
    if (!what.starts_with('#')) return false;
    const bool hex = what.starts_with("#x");
    const auto digits = what.substr(hex ? 2 : 1);
    std::uint32_t c = 0;
    const auto [at, error] = std::from_chars(digits.data(), digits.data() + digits.size(), c, hex ? 16 : 10);
    if (error != std::errc() || at != digits.data() + digits.size() || c == 0 || c > 0x10FFFF ||
        (c >= 0xD800 && c < 0xE000))
      return false;
    append_utf8(out, c);
    return true;
  }
  // From '<' of the start tag to behind the end tag.
  bool element(Element& out, std::size_t depth) {
    if (depth > kDepthMax || ++elements_ > kElementsMax) return false;
    rest_.remove_prefix(1);
    out.name = name();
    if (out.name.empty() || !attributes()) return false;
    if (rest_.starts_with("/>")) return rest_.remove_prefix(2), true;
    if (!rest_.starts_with('>')) return false;
    rest_.remove_prefix(1);
    while (!rest_.empty()) {
      if (rest_.starts_with("</")) {
        rest_.remove_prefix(2);
        if (name() != out.name) return false;
        skip_blanks();
        if (!rest_.starts_with('>')) return false;
        return rest_.remove_prefix(1), true;
      }
      if (rest_.starts_with("<!--")) {
        if (!skip_past("-->")) return false;
      } else if (rest_.starts_with("<![CDATA[")) {
        rest_.remove_prefix(9);
        const auto end = rest_.find("]]>");
        if (end == rest_.npos) return false;
        out.text += rest_.substr(0, end);
        rest_.remove_prefix(end + 3);
      } else if (rest_.starts_with("<!")) {
        return false;
      } else if (rest_.starts_with("<?")) {
        if (!skip_past("?>")) return false;
      } else if (rest_.front() == '<') {
        if (!element(out.children.emplace_back(), depth + 1)) return false;
      } else if (rest_.front() == '&') {
        if (!entity(out.text)) return false;
      } else {
        const auto end = std::min(rest_.find_first_of("<&"), rest_.size());
        out.text += rest_.substr(0, end);
        rest_.remove_prefix(end);
      }
    }
    return false;
  }

  std::string_view rest_;
  std::size_t elements_ = 0;
};

}  // namespace

const Element* Element::find(std::string_view wanted) const {
  for (const auto& child : children)
    if (child.name == wanted) return &child;
  return nullptr;
}

std::string Element::text_of(std::string_view wanted, std::string_view fallback) const {
  const auto* child = find(wanted);
  return child != nullptr ? child->text : std::string(fallback);
}

std::optional<Element> parse_xml(std::string_view text) { return Parser(text).document(); }

}  // namespace tidemill::s3
