// tidemill_load: load on an HTTP endpoint, as the AWS SDKs make it.
//   tidemill_load --endpoint 127.0.0.1:4566 --op put --table load [--connections 16] [--seconds 3] [--warmup 0.5]
//     [--rate N] [--count N] [--items 10000] [--keys zipf|uniform|sequence] [--bytes 1024] [--sdk boto3|js]
//     [--sign KEYID:SECRET] [--region us-east-1] [--payload JSON] [--seed 1] [--pid N,N]
// Prints one JSON line: operations a second, latency percentiles and, with --pid, those processes' CPU microseconds an
// operation.
#include <utility>

#include "common/clock.h"
#include "common/flags.h"
#include "common/result.h"
#include "load/generator.h"
#include "load/requests.h"

int main(int argc, char** argv) {
  using namespace tidemill;
  using namespace tidemill::bench;
  const Flags flags(argc, argv, 1);
  RequestOptions requests{.operation = flags.text("op", "put"),
                          .host = flags.text("endpoint", "127.0.0.1:4566"),
                          .table = flags.text("table", "load"),
                          .payload = flags.text("payload", "{}"),
                          .sdk = flags.text("sdk", "boto3"),
                          .item_bytes = static_cast<std::uint64_t>(flags.number("bytes", 1024)),
                          .region = flags.text("region", "us-east-1")};
  if (const auto signer = flags.text("sign"); !signer.empty()) {
    const auto colon = signer.find(':');
    if (colon == std::string::npos) die("--sign takes KEYID:SECRET");
    requests.credentials = auth::Credentials{signer.substr(0, colon), signer.substr(colon + 1), ""};
  }
  Keys keys(flags.text("keys", "zipf"), static_cast<std::uint64_t>(flags.number("items", 10'000)),
            static_cast<std::uint64_t>(flags.number("seed", 1)));
  Requests source(requests, std::move(keys));
  Generator generator({.address = requests.host,
                       .connections = static_cast<int>(flags.number("connections", 16)),
                       .rate = flags.number("rate", 0),
                       .warmup_s = flags.number("warmup", 0.5),
                       .seconds = flags.number("seconds", 3),
                       .count = static_cast<std::uint64_t>(flags.number("count", 0))},
                      [&](std::int64_t due_us) { return source.next(due_us); });
  const CpuOf cpu(flags.text("pid"));
  std::int64_t cpu_before = 0;
  generator.run([&] { cpu_before = cpu.used_ns(); });
  const auto cpu_ns = static_cast<double>(cpu.used_ns() - cpu_before);
  print({.latency = generator.latency(),
         .seconds = generator.seconds(),
         .cpu_ns = cpu_ns,
         .count_cpu = !cpu.empty(),
         .errors = generator.errors(),
         .last_error = generator.last_error()});
  return generator.errors() == 0 ? 0 : 1;
}
