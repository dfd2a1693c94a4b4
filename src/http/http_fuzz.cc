// Hostile bytes for the request parser, cut at a place that the input itself chooses: however they are cut, the parser
// ends with the same messages, and within its limits. Heads are compared with what Boost.Beast makes of them.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "http/coding.h"
#include "http/head.h"
#include "http/head_memory.h"
#include "http/parser.h"

namespace {

using namespace tidemill::http;

struct Outcome {
  std::vector<Request> requests;
  ParseState state;
  int status;
};

Outcome parse(std::string_view bytes, std::size_t step, HeadMemory* memory) {
  RequestParser parser({.head_bytes = 512, .headers = 10, .body_bytes = 256}, nullptr, nullptr, memory);
  Outcome outcome;
  while (!bytes.empty() && parser.state() != ParseState::kBroken) {
    auto part = bytes.substr(0, step);
    while (!part.empty() && parser.state() != ParseState::kBroken) {
      const auto taken = parser.feed(part);
      part.remove_prefix(taken);
      bytes.remove_prefix(taken);
      if (parser.state() == ParseState::kComplete) {
        auto request = parser.take();
        if (request.body.size() > 256) std::abort();
        outcome.requests.push_back(std::move(request));
      } else if (taken == 0 && parser.state() != ParseState::kBroken) {
        std::abort();
      }
    }
  }
  outcome.state = parser.state();
  outcome.status = outcome.state == ParseState::kBroken ? parser.status() : 0;
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1 || size > 4096) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  static HeadMemory memory;  // of all inputs
  const auto whole = parse(bytes, bytes.size() + 1, &memory);
  const auto cut = parse(bytes, 1 + data[0] % 31, nullptr);
  if (whole.requests.size() != cut.requests.size()) std::abort();
  for (std::size_t i = 0; i < whole.requests.size(); ++i) {
    if (whole.requests[i].body != cut.requests[i].body || whole.requests[i].target != cut.requests[i].target ||
        whole.requests[i].method != cut.requests[i].method ||
        whole.requests[i].keep_alive != cut.requests[i].keep_alive ||
        whole.requests[i].headers != cut.requests[i].headers) {
      std::abort();
    }
  }
  // A head that we take is one that Beast takes, and reads in the same way.
  Head head;
  if (read_head(bytes, 100, head) == 0) {
    const auto other = read_head_with_beast(bytes);
    if (!other || *other != head) std::abort();
  }
  (void)decode_body("gzip", bytes, 4096);
  (void)parse_query(bytes);
  return 0;
}
