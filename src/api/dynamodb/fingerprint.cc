#include "api/dynamodb/fingerprint.h"

#include <bit>
#include <cstring>

#include "base/bytes.h"

namespace tidemill::dynamodb {
namespace {

bool is_set(std::string_view name) { return name == "SS" || name == "NS" || name == "BS"; }

// The two halves of a product, folded: every bit of both factors reaches every bit of it.
std::uint64_t folded(std::uint64_t a, std::uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// 128 bits that depend on everything that was added, in its order. The constants are digits of pi; they are on disk.
class Print {
 public:
  explicit Print(char kind) : a_(0x243F6A8885A308D3 ^ static_cast<unsigned char>(kind)), b_(0x13198A2E03707344) {}

  void add(std::uint64_t x, std::uint64_t y) {
    a_ = folded(x ^ 0xA4093822299F31D0, y ^ a_);
    b_ = folded(x ^ b_, y ^ 0x082EFA98EC4E6C89) + a_;
  }
  void add(const Print& other) { add(other.a_, other.b_); }
  void add(std::string_view bytes) {
    add(bytes.size(), 0);
    std::uint64_t words[2];
    for (; bytes.size() >= sizeof words; bytes.remove_prefix(sizeof words)) {
      std::memcpy(words, bytes.data(), sizeof words);
      add(words[0], words[1]);
    }
    if (bytes.empty()) return;
    words[0] = words[1] = 0;
    std::memcpy(words, bytes.data(), bytes.size());
    add(words[0], words[1]);
  }
  // Of elements whose order does not matter: their sum.
  void sum(const Print& other) {
    a_ += other.a_;
    b_ += other.b_;
  }
  std::string bytes() const {
    std::string out;
    append_be(out, a_);
    append_be(out, b_);
    return out;
  }

 private:
  std::uint64_t a_, b_;
};

Print print_of(const json::Node& node, bool unordered = false);

Print of_elements(const json::Node& node, bool unordered) {
  Print print('[');
  for (const auto& element : node.elements()) {
    if (unordered)
      print.sum(print_of(element));
    else
      print.add(print_of(element));
  }
  print.add(node.elements().size(), 0);
  return print;
}

Print of_members(const json::Node& node) {
  Print print('{');
  const auto members = node.members();
  for (const auto& [name, value] : members) {
    if (value.is_null()) continue;  // as if it were not there
    Print member(':');
    member.add(name);
    member.add(print_of(value, members.size() == 1 && is_set(name)));
    print.sum(member);
  }
  print.add(0, 0);
  return print;
}

Print print_of(const json::Node& node, bool unordered) {
  if (node.is_array()) return of_elements(node, unordered);
  if (node.is_object()) return of_members(node);
  Print print('"');
  switch (node.kind()) {
    case json::Kind::kString: print.add(node.as_string()); break;
    case json::Kind::kInteger: print.add(static_cast<std::uint64_t>(node.as_integer()), 1); break;
    case json::Kind::kReal: print.add(std::bit_cast<std::uint64_t>(node.as_real()), 2); break;
    default: print.add(static_cast<std::uint64_t>(node.kind()), 3);
  }
  return print;
}

}  // namespace

std::string fingerprint_of(const json::Node& request) { return print_of(request).bytes(); }

}  // namespace tidemill::dynamodb
