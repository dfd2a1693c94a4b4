#include "topics/rows.h"

namespace tidemill::topics::rows {
namespace {

std::string of_topic(char kind, const Uuid& topic) {
  std::string key(1, kind);
  key.append(topic.data(), topic.size());
  return key;
}

std::string of_partition(char kind, const Uuid& topic, std::int32_t partition) {
  auto key = of_topic(kind, topic);
  append_be(key, partition);
  return key;
}

}  // namespace

std::string topic(std::string_view name) { return std::string(kTopicPrefix).append(name); }
std::string batches(const Uuid& topic, std::int32_t partition) { return of_partition('l', topic, partition); }
std::string index(const Uuid& topic, std::int32_t partition) { return of_partition('i', topic, partition); }
std::string log_start(const Uuid& topic, std::int32_t partition) { return of_partition('s', topic, partition); }
std::string producers(const Uuid& topic, std::int32_t partition) { return of_partition('p', topic, partition); }
std::string aborted(const Uuid& topic, std::int32_t partition) { return of_partition('x', topic, partition); }
std::string transaction(std::string_view id) { return std::string(kTransactionPrefix).append(id); }

std::array<std::string, 5> all_of(const Uuid& topic) {
  return {of_topic('l', topic), of_topic('i', topic), of_topic('s', topic), of_topic('p', topic), of_topic('x', topic)};
}

std::string group(std::string_view id) { return std::string(kGroupPrefix).append(id); }

std::string offset(std::string_view group, std::string_view topic, std::int32_t partition) {
  std::string key(kOffsetPrefix);
  append_sized(key, group);
  append_sized(key, topic);
  append_be(key, partition);
  return key;
}

}  // namespace tidemill::topics::rows
