// Any text as the XML body of an S3 request: what reads, written out again, reads as the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "api/s3/xml.h"
#include "base/assert.h"

using namespace tidemill;

namespace {

void append(std::string& out, const s3::Element& element) {
  out += "<" + element.name + ">";
  for (const char c : element.text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '&')
      out += "&amp;";
    else
      out += c;
  }
  for (const auto& child : element.children) append(out, child);
  out += "</" + element.name + ">";
}

// A name that stays what it is: without a second prefix, and nothing that begins a comment or a declaration.
bool is_plain(const s3::Element& element) {
  return element.name.find(':') == element.name.npos && !element.name.starts_with('!') &&
         !element.name.starts_with('?') && std::ranges::all_of(element.children, is_plain);
}

bool same(const s3::Element& a, const s3::Element& b) {
  if (a.name != b.name || a.text != b.text || a.children.size() != b.children.size()) return false;
  for (std::size_t i = 0; i < a.children.size(); ++i)
    if (!same(a.children[i], b.children[i])) return false;
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto read = s3::parse_xml({reinterpret_cast<const char*>(data), size});
  if (!read || !is_plain(*read)) return 0;
  std::string text;
  append(text, *read);
  const auto again = s3::parse_xml(text);
  TM_ASSERT(again && same(*read, *again));
  (void)read->find("Part");
  (void)read->text_of("Key");
  return 0;
}
