// tidemill_broker_load: load on a Kafka broker, one partition, acks=all.
//   tidemill_broker_load produce --address 127.0.0.1:9092 --topic t [--batch 1] [--in-flight 1] [--bytes 1024]
//     [--seconds 3] [--warmup 0.5] [--pid N] [--await leader]
//   tidemill_broker_load end-to-end --address ... --topic t --rate 500 [...]
//     one connection produces on a schedule, another fetches: the time from when a message was due until it was fetched
// Prints one JSON line; what it counts are messages, but percentiles of `produce` are those of requests.
#include <poll.h>
#include <sys/prctl.h>

#include <cstdio>
#include <deque>

#include "broker/protocol.h"
#include "common/clock.h"
#include "common/result.h"
#include "topics/record_batch.h"

namespace tidemill::bench {
namespace {

struct Window {
  std::int64_t from, to;
};

Window window(const Flags& flags) {
  const auto from = now_ns() + static_cast<std::int64_t>(flags.number("warmup", 0.5) * 1e9);
  return {from, from + static_cast<std::int64_t>(flags.number("seconds", 3) * 1e9)};
}

std::string batch_of(std::size_t messages, const std::string& value) {
  std::vector<topics::NewRecord> records(messages);
  for (auto& record : records) record.value = value;
  return topics::encode_batch(records, {.now_ms = wall_us() / 1000});
}

int produce(const Flags& flags) {
  BrokerConnection broker(flags.text("address"));
  const CpuOf cpu(flags.text("pid"));
  const auto messages = static_cast<std::size_t>(flags.number("batch", 1));
  const auto request =
      produce_request(1, flags.text("topic"),
                      batch_of(messages, std::string(static_cast<std::size_t>(flags.number("bytes", 1024)), 'x')));
  if (flags.has("await")) broker.await_leader(flags.text("topic"));
  const auto [from, to] = window(flags);
  std::deque<std::int64_t> under_way;
  for (int i = 0; i < static_cast<int>(flags.number("in-flight", 1)); ++i) {
    under_way.push_back(now_ns());
    broker.send(request);
  }
  Histogram latency;
  std::int64_t cpu_before = -1, began = 0, now = 0;
  while ((now = now_ns()) < to) {
    if (cpu_before < 0 && now >= from) {
      cpu_before = cpu.used_ns();
      began = now;
    }
    produced(broker.receive());
    const auto answered = now_ns();
    if (cpu_before >= 0) latency.record(answered - under_way.front());
    under_way.pop_front();
    under_way.push_back(answered);
    broker.send(request);
  }
  print({.latency = latency,
         .seconds = static_cast<double>(now - began) / 1e9,
         .cpu_ns = static_cast<double>(cpu.used_ns() - cpu_before),
         .count_cpu = !cpu.empty(),
         .units = latency.count() * messages});
  return 0;
}

int end_to_end(const Flags& flags) {
  const auto topic = flags.text("topic");
  BrokerConnection producer(flags.text("address")), consumer(flags.text("address"));
  const CpuOf cpu(flags.text("pid"));
  const auto interval = static_cast<std::int64_t>(1e9 / flags.number("rate", 500));
  const auto bytes = static_cast<std::size_t>(flags.number("bytes", 1024));
  prctl(PR_SET_TIMERSLACK, 1);
  Histogram latency;
  std::int64_t offset = 0;
  consumer.await_leader(topic);
  const auto [from, to] = window(flags);
  const auto see = [&](std::string_view value) {
    const auto due = std::stoll(std::string(value.substr(0, 20)));
    if (due >= from) latency.record(now_ns() - due);
  };
  consumer.send(fetch_request(1, topic, offset));
  std::int64_t cpu_before = -1, due = now_ns();
  for (auto now = now_ns(); now < to; now = now_ns()) {
    if (cpu_before < 0 && now >= from) cpu_before = cpu.used_ns();
    for (; due <= now; due += interval) {
      std::string value(bytes, 'x');
      std::snprintf(value.data(), 21, "%020lld", static_cast<long long>(due));
      producer.send(produce_request(1, topic, batch_of(1, value)));
    }
    const auto wait = std::max<std::int64_t>(due - now_ns() - 80'000, 0);  // the kernel's timers are late
    const timespec timeout{.tv_sec = 0, .tv_nsec = wait};
    pollfd sockets[] = {{consumer.socket(), POLLIN, 0}, {producer.socket(), POLLIN, 0}};
    if (ppoll(sockets, 2, &timeout, nullptr) <= 0) continue;
    if (sockets[1].revents != 0)
      for (auto answer = producer.receive(false); !answer.empty(); answer = producer.receive(false)) produced(answer);
    if (sockets[0].revents == 0) continue;
    if (const auto answer = consumer.receive(false); !answer.empty()) {
      offset = fetched(answer, offset, see);
      consumer.send(fetch_request(1, topic, offset));
    }
  }
  print({.latency = latency,
         .seconds = static_cast<double>(to - from) / 1e9,
         .cpu_ns = static_cast<double>(cpu.used_ns() - cpu_before),
         .count_cpu = !cpu.empty()});
  return 0;
}

}  // namespace
}  // namespace tidemill::bench

int main(int argc, char** argv) {
  using namespace tidemill::bench;
  const std::string mode = argc > 1 ? argv[1] : "";
  const Flags flags(argc, argv, 2);
  if (mode == "produce") return produce(flags);
  if (mode == "end-to-end") return end_to_end(flags);
  std::fprintf(stderr, "tidemill_broker_load produce|end-to-end --address HOST:PORT --topic T [--flag value]...\n");
  return 2;
}
