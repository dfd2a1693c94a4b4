// tidemill_load: closed-loop load on a DynamoDB endpoint over keep-alive connections, one request each under way.
//   tidemill_load --endpoint 127.0.0.1:4566 --op put|get|update --connections 16 --seconds 5 --items 10000 --bytes 1024
//   [--pid N] [--rate N]
// Prints one JSON line: operations a second, latency percentiles, and, with --pid, the server's CPU microseconds per
// operation (all its threads) and its resident memory.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <unistd.h>

#include "base/json.h"
#include "http/parser.h"
#include "runtime/system.h"

namespace {

using namespace tidemill;

struct Options {
  std::map<std::string, std::string> values;
  std::string text(const std::string& name, const std::string& fallback) const {
    const auto found = values.find(name);
    return found == values.end() ? fallback : found->second;
  }
  double number(const std::string& name, double fallback) const {
    const auto found = values.find(name);
    return found == values.end() ? fallback : std::strtod(found->second.c_str(), nullptr);
  }
};

// User and system time of a process, all threads, in microseconds.
double cpu_us(int pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  std::getline(stat, line);
  std::istringstream fields(line.substr(std::min(line.size(), line.rfind(')') + 2)));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) * 1e6 / static_cast<double>(sysconf(_SC_CLK_TCK));
}

std::int64_t resident_kb(int pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with("VmRSS:")) return std::strtoll(line.c_str() + 6, nullptr, 10);
  }
  return 0;
}

std::string request(const std::string& host, std::string_view operation, const std::string& body) {
  return "POST / HTTP/1.1\r\nHost: " + host +
         "\r\nContent-Type: application/x-amz-json-1.0\r\nX-Amz-Target: DynamoDB_20120810." + std::string(operation) +
         "\r\nX-Amz-Date: 20261121T000000Z\r\nUser-Agent: tidemill-load\r\nAccept-Encoding: identity\r\n"
         "Authorization: AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/dynamodb/aws4_request, "
         "SignedHeaders=content-type;host;x-amz-date;x-amz-target, "
         "Signature=0000000000000000000000000000000000000000000000000000000000000000\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

class Load {
 public:
  Load(runtime::EpollLoop& loop, runtime::Network& network, const Options& options)
      : loop_(loop),
        network_(network),
        address_(*runtime::parse_address(options.text("endpoint", "127.0.0.1:4566"))),
        host_(address_.text()),
        table_(options.text("table", "load")),
        op_(options.text("op", "put")),
        items_(static_cast<std::uint64_t>(options.number("items", 10000))),
        filler_(static_cast<std::size_t>(options.number("bytes", 1024)), 'x'),
        rate_(options.number("rate", 0)),
        random_(static_cast<std::uint64_t>(options.number("seed", 1))) {}

  struct Client {
    std::unique_ptr<runtime::Connection> connection;
    std::unique_ptr<http::ResponseParser> parser;
    runtime::Instant sent;
  };

  void start(int connections) {
    for (int i = 0; i < connections; ++i) {
      network_.connect(address_, std::chrono::seconds(5), [this, connections](auto connected) {
        if (!connected) {
          std::fprintf(stderr, "tidemill_load: %s\n", connected.error().message.c_str());
          std::exit(1);
        }
        auto client = std::make_shared<Client>();
        client->connection = std::move(*connected);
        client->connection->start({.on_data = [this, client](std::string_view data) { receive(client, data); },
                                   .on_close =
                                       [] {
                                         std::fprintf(stderr, "tidemill_load: the server closed a connection\n");
                                         std::exit(1);
                                       }});
        clients_.push_back(client);
        if (clients_.size() == static_cast<std::size_t>(connections)) {
          next_ = loop_.clock().now();
          for (const auto& each : clients_) schedule(each);
        }
      });
    }
  }

  void measure_from_now() {
    latencies_ns_.clear();
    errors_ = 0;
  }
  std::vector<std::int64_t>& latencies() { return latencies_ns_; }
  std::uint64_t errors() const { return errors_; }
  const std::string& last_error() const { return last_error_; }
  void stop() { stopped_ = true; }

 private:
  // With a rate, requests start on a common schedule, and a late start counts as latency.
  void schedule(const std::shared_ptr<Client>& client) {
    if (stopped_) return;
    if (rate_ <= 0) return send(client, loop_.clock().now());
    const auto due = next_;
    next_ += std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 / rate_));
    if (due <= loop_.clock().now()) return send(client, due);
    loop_.at(due, [this, client, due] { send(client, due); });
  }

  void send(const std::shared_ptr<Client>& client, runtime::Instant due) {
    client->parser = std::make_unique<http::ResponseParser>(false);
    client->sent = due;
    client->connection->write(next_request());
  }

  std::string next_request() {
    const auto key = std::to_string(random_() % items_);
    if (op_ == "get") {
      return request(host_, "GetItem",
                     R"({"TableName":")" + table_ + R"(","Key":{"pk":{"S":")" + key + R"("}},"ConsistentRead":true})");
    }
    if (op_ == "update") {
      return request(
          host_, "UpdateItem",
          R"({"TableName":")" + table_ + R"(","Key":{"pk":{"S":")" + key +
              R"("}},"UpdateExpression":"SET c = if_not_exists(c, :z) + :o","ExpressionAttributeValues":{":o":{"N":"1"},":z":{"N":"0"}}})");
    }
    return request(host_, "PutItem",
                   R"({"TableName":")" + table_ + R"(","Item":{"pk":{"S":")" + key + R"("},"n":{"N":")" +
                       std::to_string(random_() % 1000000) + R"("},"data":{"S":")" + filler_ + R"("}}})");
  }

  void receive(const std::shared_ptr<Client>& client, std::string_view data) {
    if (!client->parser->feed(data)) {
      std::fprintf(stderr, "tidemill_load: the answer is not HTTP\n");
      std::exit(1);
    }
    if (!client->parser->complete()) return;
    latencies_ns_.push_back((loop_.clock().now() - client->sent).count());
    const auto response = client->parser->take();
    if (response.status != 200) {
      ++errors_;
      last_error_ = response.body;
    }
    schedule(client);
  }

  runtime::EpollLoop& loop_;
  runtime::Network& network_;
  const runtime::Address address_;
  const std::string host_, table_, op_;
  const std::uint64_t items_;
  const std::string filler_;
  const double rate_;
  std::mt19937_64 random_;
  std::vector<std::shared_ptr<Client>> clients_;
  std::vector<std::int64_t> latencies_ns_;
  std::uint64_t errors_ = 0;
  std::string last_error_;
  runtime::Instant next_;
  bool stopped_ = false;
};

double percentile_us(const std::vector<std::int64_t>& sorted, double p) {
  if (sorted.empty()) return 0;
  const auto index =
      std::min(sorted.size() - 1, static_cast<std::size_t>(std::floor(p * static_cast<double>(sorted.size()))));
  return static_cast<double>(sorted[index]) / 1000.0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (!name.starts_with("--")) {
      std::fprintf(stderr, "tidemill_load: unexpected %s\n", argv[i]);
      return 2;
    }
    options.values[name.substr(2)] = argv[i + 1];
  }
  const int pid = static_cast<int>(options.number("pid", 0));
  const auto seconds = options.number("seconds", 5);
  runtime::EpollLoop loop;
  const auto network = runtime::make_network(loop);
  Load load(loop, *network, options);
  load.start(static_cast<int>(options.number("connections", 16)));
  double cpu_before = 0;
  runtime::Instant began;
  const auto warm = std::chrono::milliseconds(static_cast<int>(options.number("warmup", 1) * 1000));
  const auto whole = std::chrono::milliseconds(static_cast<int>(seconds * 1000));
  const auto start = loop.clock().now();
  loop.at(start + warm, [&] {
    load.measure_from_now();
    cpu_before = pid > 0 ? cpu_us(pid) : 0;
    began = loop.clock().now();
  });
  double cpu = 0, elapsed_s = 0;
  loop.at(start + warm + whole, [&] {
    elapsed_s = static_cast<double>((loop.clock().now() - began).count()) / 1e9;
    cpu = pid > 0 ? cpu_us(pid) - cpu_before : 0;
    load.stop();
    loop.stop();
  });
  loop.run();

  auto& all = load.latencies();
  std::ranges::sort(all);
  const auto count = static_cast<double>(all.size());
  std::string out;
  json::Writer writer(out);
  writer.begin_object()
      .member("op", options.text("op", "put"))
      .member("operations", static_cast<std::int64_t>(all.size()))
      .member("errors", static_cast<std::int64_t>(load.errors()))
      .key("per_second")
      .real(count / elapsed_s)
      .key("p50_us")
      .real(percentile_us(all, 0.5))
      .key("p99_us")
      .real(percentile_us(all, 0.99))
      .key("p999_us")
      .real(percentile_us(all, 0.999));
  if (pid > 0) writer.key("cpu_us_per_op").real(count > 0 ? cpu / count : 0).member("resident_kb", resident_kb(pid));
  if (load.errors() > 0) writer.member("last_error", load.last_error());
  writer.end_object();
  std::printf("%s\n", out.c_str());
  return load.errors() == 0 ? 0 : 1;
}
