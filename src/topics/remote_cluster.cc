#include "topics/remote_cluster.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <functional>
#include <optional>

#include "runtime/system.h"
#include "topics/partitioner.h"
#include "topics/remote_reader.h"

namespace tidemill::topics {
namespace {

constexpr int kTimeoutMs = 5000;  // of one question to the cluster
constexpr auto kTick = std::chrono::seconds(2);
constexpr std::size_t kUnderWayMax = 100'000;  // calls that wait for the cluster
// A topic that the controller has made is a moment later known to every broker.
constexpr int kDescribeTries = 50;
constexpr auto kDescribePause = std::chrono::milliseconds(100);

// What an event of librdkafka says, taken out of it on librdkafka's thread.
struct Answer {
  std::optional<Error> error;
  Produced produced;
  std::map<std::int32_t, std::int64_t> offsets;
};

void* as_opaque(std::uint64_t id) { return reinterpret_cast<void*>(static_cast<std::uintptr_t>(id)); }
std::uint64_t as_id(const void* opaque) { return reinterpret_cast<std::uintptr_t>(opaque); }

Error busy() { return {Errc::kThrottlingQuotaExceeded, "Too many calls wait for the Kafka cluster."}; }
Error unknown_topic(const std::string& name) {
  return {Errc::kUnknownTopicOrPartition, "Topic '" + name + "' does not exist."};
}

Answer answer_of_groups(const rd_kafka_group_result_t** groups, std::size_t count) {
  Answer out;
  for (std::size_t i = 0; i < count; ++i) {
    if (const auto* error = rd_kafka_group_result_error(groups[i]))
      out.error = rd::to_error(rd_kafka_error_code(error), rd_kafka_error_string(error));
    const auto* partitions = rd_kafka_group_result_partitions(groups[i]);
    for (int k = 0; partitions != nullptr && k < partitions->cnt; ++k) {
      const auto& one = partitions->elems[k];
      if (one.err != RD_KAFKA_RESP_ERR_NO_ERROR)
        out.error = rd::to_error(one.err);
      else if (one.offset >= 0)
        out.offsets[one.partition] = one.offset;
    }
  }
  return out;
}

Result<std::vector<TopicSummary>> list_now(rd_kafka_t* handle) {
  const rd_kafka_metadata_t* metadata = nullptr;
  if (const auto code = rd_kafka_metadata(handle, 1, nullptr, &metadata, kTimeoutMs);
      code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return std::unexpected(rd::to_error(code));
  std::vector<TopicSummary> out;
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    const auto& topic = metadata->topics[i];
    if (topic.err == RD_KAFKA_RESP_ERR_NO_ERROR || topic.err == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE)
      out.push_back({topic.topic, topic.partition_cnt});
  }
  rd_kafka_metadata_destroy(metadata);
  std::ranges::sort(out, {}, &TopicSummary::name);
  return out;
}

Result<TopicSummary> describe_now(rd_kafka_t* handle, const std::string& name) {
  TM_TRY(auto all, list_now(handle));
  const auto found = std::ranges::find(all, name, &TopicSummary::name);
  if (found == all.end() || found->partitions == 0) return std::unexpected(unknown_topic(name));
  return *found;
}

Result<std::int64_t> find_now(rd_kafka_t* handle, const OffsetQuery& query) {
  if (query.at == OffsetQuery::At::kTimestamp) {
    const rd::Partitions list(rd_kafka_topic_partition_list_new(1));
    auto* one = rd_kafka_topic_partition_list_add(list.get(), query.topic.c_str(), query.partition);
    one->offset = query.timestamp_ms;
    if (const auto code = rd_kafka_offsets_for_times(handle, list.get(), kTimeoutMs);
        code != RD_KAFKA_RESP_ERR_NO_ERROR)
      return std::unexpected(rd::to_error(code));
    if (one->err != RD_KAFKA_RESP_ERR_NO_ERROR) return std::unexpected(rd::to_error(one->err));
    if (one->offset >= 0) return one->offset;
  }
  std::int64_t low = 0, high = 0;
  if (const auto code =
          rd_kafka_query_watermark_offsets(handle, query.topic.c_str(), query.partition, &low, &high, kTimeoutMs);
      code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return std::unexpected(rd::to_error(code));
  return query.at == OffsetQuery::At::kEarliest ? low : high;
}

}  // namespace

struct RemoteCluster::Impl {
  Impl(std::string bootstrap_servers, runtime::Loop& h, observe::Log& l)
      : servers(std::move(bootstrap_servers)), home(h), log(l) {}
  ~Impl();

  struct TopicsWatch;

  Status open();
  Result<rd::Handle> open_consumer();
  Result<rd::Handle> open_admin();
  // Runs `question` on the worker and answers at home. The Reply stays at home meanwhile.
  template <class T>
  void ask(std::move_only_function<Result<T>()> question, Reply<T, Error> reply);
  // Parks what is to be done with the answer to an event; its number goes along with the request.
  std::uint64_t park(std::move_only_function<void(Answer)> then);
  void answer(std::uint64_t id, Answer answer);
  rd::Options admin_options(rd_kafka_admin_op_t operation, std::uint64_t id) const;
  void describe_made(std::string name, int tries, Reply<TopicSummary, Error> reply);
  void send(ProduceRequest request, std::optional<std::int32_t> partition, Reply<Produced, Error> reply);
  void tick();
  void compare(Result<std::vector<TopicSummary>> now, runtime::Instant asked_at);

  static void on_log(const rd_kafka_t* handle, int level, const char* facility, const char* text);
  static void on_event(rd_kafka_t*, rd_kafka_event_t* event, void* self);

  const std::string servers;
  runtime::Loop& home;
  observe::Log& log;
  std::shared_ptr<int> alive = std::make_shared<int>();
  std::uint64_t next_id = 1;
  std::map<std::uint64_t, std::move_only_function<void()>> asked;
  std::map<std::uint64_t, std::move_only_function<void(Answer)>> parked;
  std::map<std::string, std::uint32_t> next_partition;  // round robin, by topic
  std::map<std::uint64_t, std::function<void()>> topic_watchers;
  std::vector<TopicSummary> known_topics;
  bool comparing = false;
  runtime::TimerId timer = 0;

  rd::Handle producer;  // its background thread tells us what came of the records
  rd::Handle admin;     // asks the admin calls; its background thread tells us what came of them
  rd::Queue background;
  rd::Handle asker;  // a consumer that never creates what it asks about
  std::optional<RemoteReader> reader;
  std::unique_ptr<runtime::ThreadPool> questions;  // one worker; the calls that it makes block
};

struct RemoteCluster::Impl::TopicsWatch final : Watch {
  TopicsWatch(Impl& i, std::uint64_t n) : impl(i), alive(i.alive), id(n) {}
  ~TopicsWatch() override {
    if (!alive.expired()) impl.topic_watchers.erase(id);
  }
  Impl& impl;
  const std::weak_ptr<int> alive;
  const std::uint64_t id;
};

Status RemoteCluster::Impl::open() {
  TM_TRY(producer, rd::open_handle(RD_KAFKA_PRODUCER,
                                   {{"bootstrap.servers", servers},
                                    {"client.id", "tidemill"},
                                    {"enable.idempotence", "true"},  // with it: acks=all, and retries keep the order
                                    {"partitioner", "murmur2_random"},
                                    {"linger.ms", "0"},
                                    {"message.timeout.ms", "30000"},
                                    {"topic.metadata.propagation.max.ms", "10000"},
                                    {"queue.buffering.max.kbytes", "65536"},
                                    {"message.max.bytes", "10485760"}},
                                   {.self = this, .log = on_log, .event = on_event}));
  const rd::Queue delivered(rd_kafka_queue_get_background(producer.get()));
  const rd::Queue main(rd_kafka_queue_get_main(producer.get()));
  rd_kafka_queue_forward(main.get(), delivered.get());
  TM_TRY(admin, open_admin());
  background.reset(rd_kafka_queue_get_background(admin.get()));
  TM_TRY(asker, open_consumer());
  reader.emplace(home, [this] { return open_consumer(); });
  questions = std::make_unique<runtime::ThreadPool>(runtime::ThreadPool::Options{.threads = 1, .queue_max = 10'000});
  tick();
  return {};
}

Result<rd::Handle> RemoteCluster::Impl::open_consumer() {
  return rd::open_handle(
      RD_KAFKA_CONSUMER,
      {{"bootstrap.servers", servers},
       {"client.id", "tidemill"},
       {"enable.auto.commit", "false"},
       {"enable.auto.offset.store", "false"},
       {"auto.offset.reset", "error"},
       {"isolation.level", "read_committed"},
       {"allow.auto.create.topics", "false"},
       {"topic.metadata.propagation.max.ms", "2000"},  // so long a topic that is not there may yet turn up
       {"queued.max.messages.kbytes", "16384"},
       {"fetch.error.backoff.ms", "100"}},
      {.self = this, .log = on_log});
}

// When a group's coordinator is loading or has moved, librdkafka 2.0.2 tells the handle's own group to look for its
// coordinator again, and does not look whether there is one: a handle without a group would end the process. So the
// calls about groups are asked by a consumer that has a group, which it never joins.
Result<rd::Handle> RemoteCluster::Impl::open_admin() {
  return rd::open_handle(RD_KAFKA_CONSUMER,
                         {{"bootstrap.servers", servers},
                          {"client.id", "tidemill"},
                          {"group.id", "tidemill-admin"},
                          {"enable.auto.commit", "false"},
                          {"allow.auto.create.topics", "false"}},
                         {.self = this, .log = on_log, .event = on_event});
}

RemoteCluster::Impl::~Impl() {
  if (timer != 0) home.cancel(timer);
  questions.reset();
  reader.reset();
  if (producer)
    rd_kafka_purge(producer.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
  background.reset();
  producer.reset();  // waits for librdkafka's threads: no event comes after
  admin.reset();
  asker.reset();
  alive.reset();  // last: until here librdkafka's threads read it
}

void RemoteCluster::Impl::on_log(const rd_kafka_t* handle, int level, const char* facility, const char* text) {
  auto& log = static_cast<Impl*>(rd_kafka_opaque(handle))->log;
  if (level <= 4)
    log.warn("kafka.client", {{"about", facility}, {"text", text}});  // syslog's numbers: 4 is a warning
  else
    log.debug("kafka.client", {{"about", facility}, {"text", text}});
}

void RemoteCluster::Impl::on_event(rd_kafka_t*, rd_kafka_event_t* raw, void* opaque) {
  const rd::Event event(raw);
  auto* self = static_cast<Impl*>(opaque);
  const auto tell = [self](std::uint64_t id, Answer answer) {
    self->home.post([self, alive = std::weak_ptr(self->alive), id, answer = std::move(answer)]() mutable {
      if (!alive.expired()) self->answer(id, std::move(answer));
    });
  };
  const auto failed = [&]() -> std::optional<Error> {
    const auto code = rd_kafka_event_error(event.get());
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return std::nullopt;
    return rd::to_error(code, rd_kafka_event_error_string(event.get()));
  };
  std::size_t count = 0;
  Answer answer;
  switch (rd_kafka_event_type(event.get())) {
    case RD_KAFKA_EVENT_DR:
      while (const auto* message = rd_kafka_event_message_next(event.get())) {
        Answer delivered{
            .error = {}, .produced = {.partition = message->partition, .base_offset = message->offset}, .offsets = {}};
        if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) delivered.error = rd::to_error(message->err);
        tell(as_id(message->_private), std::move(delivered));
      }
      return;
    case RD_KAFKA_EVENT_CREATETOPICS_RESULT:
      answer.error = failed();
      if (!answer.error) {
        const auto** topics =
            rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
        for (std::size_t i = 0; i < count; ++i)
          if (const auto code = rd_kafka_topic_result_error(topics[i]); code != RD_KAFKA_RESP_ERR_NO_ERROR)
            answer.error = rd::to_error(code, rd_kafka_topic_result_error_string(topics[i]));
      }
      break;
    case RD_KAFKA_EVENT_ALTERCONSUMERGROUPOFFSETS_RESULT:
      answer.error = failed();
      if (!answer.error) {
        const auto** groups = rd_kafka_AlterConsumerGroupOffsets_result_groups(
            rd_kafka_event_AlterConsumerGroupOffsets_result(event.get()), &count);
        answer = answer_of_groups(groups, count);
      }
      break;
    case RD_KAFKA_EVENT_LISTCONSUMERGROUPOFFSETS_RESULT:
      answer.error = failed();
      if (!answer.error) {
        const auto** groups = rd_kafka_ListConsumerGroupOffsets_result_groups(
            rd_kafka_event_ListConsumerGroupOffsets_result(event.get()), &count);
        answer = answer_of_groups(groups, count);
      }
      break;
    default: return;
  }
  tell(as_id(rd_kafka_event_opaque(event.get())), std::move(answer));
}

template <class T>
void RemoteCluster::Impl::ask(std::move_only_function<Result<T>()> question, Reply<T, Error> reply) {
  auto said = std::make_shared<Result<T>>(std::unexpected(busy()));
  const auto id = next_id++;
  asked[id] = [said, reply = std::move(reply)]() mutable { std::move(reply)(std::move(*said)); };
  const auto finish = [this, id] {
    auto node = asked.extract(id);
    if (!node.empty()) node.mapped()();
  };
  const bool taken = questions->run([said, question = std::move(question)]() mutable { *said = question(); }, home,
                                    [alive = std::weak_ptr(alive), finish] {
                                      if (!alive.expired()) finish();
                                    });
  if (!taken) finish();
}

std::uint64_t RemoteCluster::Impl::park(std::move_only_function<void(Answer)> then) {
  const auto id = next_id++;
  parked[id] = std::move(then);
  return id;
}

void RemoteCluster::Impl::answer(std::uint64_t id, Answer answer) {
  auto node = parked.extract(id);
  if (!node.empty()) node.mapped()(std::move(answer));
}

rd::Options RemoteCluster::Impl::admin_options(rd_kafka_admin_op_t operation, std::uint64_t id) const {
  rd::Options options(rd_kafka_AdminOptions_new(admin.get(), operation));
  char problem[256];
  rd_kafka_AdminOptions_set_request_timeout(options.get(), kTimeoutMs, problem, sizeof problem);
  rd_kafka_AdminOptions_set_opaque(options.get(), as_opaque(id));
  return options;
}

void RemoteCluster::Impl::tick() {
  timer = home.at(home.clock().now() + kTick, [this] {
    timer = 0;
    tick();
    reader->sweep();
    if ((topic_watchers.empty() && reader->empty()) || std::exchange(comparing, true)) return;
    ask<std::vector<TopicSummary>>(
        [handle = asker.get()] { return list_now(handle); },
        Reply<std::vector<TopicSummary>, Error>(
            [this, still = std::weak_ptr(alive), asked = home.clock().now()](Result<std::vector<TopicSummary>> now) {
              if (!still.expired()) compare(std::move(now), asked);
            }));
  });
}

void RemoteCluster::Impl::compare(Result<std::vector<TopicSummary>> now, runtime::Instant asked_at) {
  comparing = false;
  if (now) reader->compare(*now, asked_at);
  if (!now || *now == known_topics) return;  // a cluster that cannot be reached has not lost its topics
  known_topics = *std::move(now);
  std::vector<std::uint64_t> ids;
  ids.reserve(topic_watchers.size());
  for (const auto& [id, watcher] : topic_watchers) ids.push_back(id);
  for (const auto id : ids) {
    const auto found = topic_watchers.find(id);
    if (found == topic_watchers.end()) continue;
    const auto watcher = found->second;  // it may end its own watch
    watcher();
  }
}

void RemoteCluster::Impl::describe_made(std::string name, int tries, Reply<TopicSummary, Error> reply) {
  ask<TopicSummary>(
      [handle = asker.get(), name] { return describe_now(handle, name); },
      Reply<TopicSummary, Error>([this, still = std::weak_ptr(alive), name, tries,
                                  reply = std::move(reply)](Result<TopicSummary> found) mutable {
        if (still.expired() || found || found.error().code != Errc::kUnknownTopicOrPartition || tries <= 1)
          return std::move(reply)(std::move(found));
        home.at(home.clock().now() + kDescribePause, [this, still, name, tries, reply = std::move(reply)]() mutable {
          if (!still.expired()) describe_made(std::move(name), tries - 1, std::move(reply));
        });
      }));
}

void RemoteCluster::Impl::send(ProduceRequest request, std::optional<std::int32_t> partition,
                               Reply<Produced, Error> reply) {
  struct Batch {
    explicit Batch(Reply<Produced, Error> r, std::size_t count) : reply(std::move(r)), left(count) {}
    Reply<Produced, Error> reply;
    std::size_t left;
    std::optional<Produced> first;
    std::optional<Error> error;
    void one(Answer answer) {
      if (answer.error && !error) error = std::move(answer.error);
      if (!answer.error && !first) first = answer.produced;
      if (--left > 0) return;
      if (error) return std::move(reply)(std::unexpected(*std::move(error)));
      std::move(reply)(*first);
    }
  };
  auto batch = std::make_shared<Batch>(std::move(reply), request.records.size());
  for (auto& record : request.records) {
    // Answered in any case, and later: by the delivery report, or by what is posted below.
    const auto id = park([batch](Answer answer) { batch->one(std::move(answer)); });
    std::array<rd_kafka_vu_t, 8> fields{};
    std::size_t count = 0;
    const auto field = [&](rd_kafka_vtype_t type) -> rd_kafka_vu_t& {
      fields.at(count).vtype = type;
      return fields.at(count++);
    };
    field(RD_KAFKA_VTYPE_TOPIC).u.cstr = request.topic.c_str();
    field(RD_KAFKA_VTYPE_PARTITION).u.i32 = partition.value_or(RD_KAFKA_PARTITION_UA);
    field(RD_KAFKA_VTYPE_MSGFLAGS).u.i = RD_KAFKA_MSG_F_COPY;
    field(RD_KAFKA_VTYPE_OPAQUE).u.ptr = as_opaque(id);
    if (record.key) field(RD_KAFKA_VTYPE_KEY).u.mem = {record.key->data(), record.key->size()};
    if (record.value) field(RD_KAFKA_VTYPE_VALUE).u.mem = {record.value->data(), record.value->size()};
    if (record.timestamp_ms) field(RD_KAFKA_VTYPE_TIMESTAMP).u.i64 = *record.timestamp_ms;
    rd_kafka_headers_t* headers = nullptr;
    if (!record.headers.empty()) {
      headers = rd_kafka_headers_new(record.headers.size());
      for (const auto& header : record.headers)
        rd_kafka_header_add(headers, header.key.data(), static_cast<ssize_t>(header.key.size()),
                            header.value ? header.value->data() : nullptr,
                            header.value ? static_cast<ssize_t>(header.value->size()) : 0);
      field(RD_KAFKA_VTYPE_HEADERS).u.headers = headers;  // the message's, once it is taken
    }
    using Failure = std::unique_ptr<rd_kafka_error_t, rd::Destroy<rd_kafka_error_destroy>>;
    const Failure failure(rd_kafka_produceva(producer.get(), fields.data(), count));
    if (!failure) continue;
    if (headers != nullptr) rd_kafka_headers_destroy(headers);
    answer(id, {.error = rd::to_error(rd_kafka_error_code(failure.get()), rd_kafka_error_string(failure.get())),
                .produced = {},
                .offsets = {}});
  }
}

Result<std::unique_ptr<RemoteCluster>> RemoteCluster::open(std::string bootstrap_servers, runtime::Loop& home,
                                                           observe::Log& log) {
  auto impl = std::make_unique<Impl>(std::move(bootstrap_servers), home, log);
  TM_CHECK(impl->open());
  return std::unique_ptr<RemoteCluster>(new RemoteCluster(std::move(impl)));
}

RemoteCluster::RemoteCluster(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RemoteCluster::~RemoteCluster() = default;

std::string RemoteCluster::bootstrap_servers() const { return impl_->servers; }

void RemoteCluster::create_topic(NewTopic topic, Reply<TopicSummary, Error> reply) {
  auto& impl = *impl_;
  if (impl.parked.size() >= kUnderWayMax) return std::move(reply)(std::unexpected(busy()));
  char problem[256];
  using Spec = std::unique_ptr<rd_kafka_NewTopic_t, rd::Destroy<rd_kafka_NewTopic_destroy>>;
  const Spec spec(
      rd_kafka_NewTopic_new(topic.name.c_str(), topic.partitions.value_or(-1), -1, problem, sizeof problem));
  if (!spec) return std::move(reply)(fail(topic.partitions ? Errc::kInvalidPartitions : Errc::kInvalidTopic, problem));
  for (const auto& [name, value] : topic.configs)
    if (rd_kafka_NewTopic_set_config(spec.get(), name.c_str(), value.c_str()) != RD_KAFKA_RESP_ERR_NO_ERROR)
      return std::move(reply)(fail(Errc::kInvalidConfig, "The configuration " + name + " cannot be set."));
  const auto id = impl.park([&impl, name = topic.name, reply = std::move(reply)](Answer answer) mutable {
    if (answer.error) return std::move(reply)(std::unexpected(*std::move(answer.error)));
    impl.describe_made(std::move(name), kDescribeTries, std::move(reply));
  });
  const auto options = impl.admin_options(RD_KAFKA_ADMIN_OP_CREATETOPICS, id);
  auto* one = spec.get();
  rd_kafka_CreateTopics(impl.admin.get(), &one, 1, options.get(), impl.background.get());
}

void RemoteCluster::describe_topic(std::string name, Reply<TopicSummary, Error> reply) {
  impl_->ask<TopicSummary>([handle = impl_->asker.get(), name = std::move(name)] { return describe_now(handle, name); },
                           std::move(reply));
}

void RemoteCluster::list_topics(Reply<std::vector<TopicSummary>, Error> reply) {
  impl_->ask<std::vector<TopicSummary>>([handle = impl_->asker.get()] { return list_now(handle); }, std::move(reply));
}

void RemoteCluster::produce(ProduceRequest request, Reply<Produced, Error> reply) {
  auto& impl = *impl_;
  if (request.records.empty()) return std::move(reply)(fail(Errc::kInvalidRequest, "There are no records to produce."));
  if (impl.parked.size() + request.records.size() > kUnderWayMax) return std::move(reply)(std::unexpected(busy()));
  // One record goes where librdkafka's partitioner puts it; several stay together, so their partition is chosen here.
  if (request.partition || request.records.size() == 1) {
    const auto partition = request.partition;
    return impl.send(std::move(request), partition, std::move(reply));
  }
  describe_topic(request.topic,
                 Reply<TopicSummary, Error>([&impl, still = std::weak_ptr(impl.alive), request,
                                             reply = std::move(reply)](Result<TopicSummary> topic) mutable {
                   if (still.expired() || (!topic && topic.error().code != Errc::kUnknownTopicOrPartition))
                     return std::move(reply)(std::unexpected(topic ? busy() : std::move(topic).error()));
                   std::int32_t partition = 0;  // of a topic that producing creates, too
                   if (topic) {
                     if (const auto& key = request.records.front().key)
                       partition = partition_of_key(*key, topic->partitions);
                     else
                       partition = static_cast<std::int32_t>(impl.next_partition[request.topic]++ %
                                                             static_cast<std::uint32_t>(topic->partitions));
                   }
                   impl.send(std::move(request), partition, std::move(reply));
                 }));
}

void RemoteCluster::read(ReadRequest request, Reply<ReadResult, Error> reply) {
  std::move(reply)(impl_->reader->read(request));
}

Result<std::unique_ptr<Watch>> RemoteCluster::watch(const std::string& topic, std::int32_t partition,
                                                    std::function<void()> advanced) {
  return impl_->reader->watch(topic, partition, std::move(advanced));
}

std::unique_ptr<Watch> RemoteCluster::watch_topics(std::function<void()> changed) {
  const auto id = impl_->next_id++;
  impl_->topic_watchers[id] = std::move(changed);
  return std::make_unique<Impl::TopicsWatch>(*impl_, id);
}

void RemoteCluster::find_offset(OffsetQuery query, Reply<std::int64_t, Error> reply) {
  impl_->ask<std::int64_t>([handle = impl_->asker.get(), query = std::move(query)] { return find_now(handle, query); },
                           std::move(reply));
}

void RemoteCluster::commit_offsets(std::string group, std::vector<OffsetToCommit> offsets, Reply<void, Error> reply) {
  auto& impl = *impl_;
  if (offsets.empty()) return std::move(reply)({});
  if (impl.parked.size() >= kUnderWayMax) return std::move(reply)(std::unexpected(busy()));
  const rd::Partitions list(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
  for (const auto& offset : offsets) {
    auto* one = rd_kafka_topic_partition_list_add(list.get(), offset.topic.c_str(), offset.partition);
    one->offset = offset.offset;
    if (offset.metadata.empty()) continue;
    one->metadata = rd_kafka_mem_malloc(nullptr, offset.metadata.size());  // freed with the list
    one->metadata_size = offset.metadata.size();
    std::memcpy(one->metadata, offset.metadata.data(), offset.metadata.size());
  }
  using Request =
      std::unique_ptr<rd_kafka_AlterConsumerGroupOffsets_t, rd::Destroy<rd_kafka_AlterConsumerGroupOffsets_destroy>>;
  const Request request(rd_kafka_AlterConsumerGroupOffsets_new(group.c_str(), list.get()));
  const auto id = impl.park([reply = std::move(reply)](Answer answer) mutable {
    if (answer.error) return std::move(reply)(std::unexpected(*std::move(answer.error)));
    std::move(reply)({});
  });
  const auto options = impl.admin_options(RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS, id);
  auto* one = request.get();
  rd_kafka_AlterConsumerGroupOffsets(impl.admin.get(), &one, 1, options.get(), impl.background.get());
}

void RemoteCluster::committed_offsets(std::string group, std::string topic,
                                      Reply<std::map<std::int32_t, std::int64_t>, Error> reply) {
  // Asked by partition, of this topic alone.
  auto& impl = *impl_;
  describe_topic(topic,
                 Reply<TopicSummary, Error>([&impl, still = std::weak_ptr(impl.alive), group = std::move(group), topic,
                                             reply = std::move(reply)](Result<TopicSummary> described) mutable {
                   if (still.expired() || impl.parked.size() >= kUnderWayMax)
                     return std::move(reply)(std::unexpected(busy()));
                   if (!described && described.error().code == Errc::kUnknownTopicOrPartition)
                     return std::move(reply)(std::map<std::int32_t, std::int64_t>{});
                   if (!described) return std::move(reply)(std::unexpected(std::move(described).error()));
                   const rd::Partitions list(rd_kafka_topic_partition_list_new(described->partitions));
                   for (std::int32_t i = 0; i < described->partitions; ++i)
                     rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), i);
                   using Request = std::unique_ptr<rd_kafka_ListConsumerGroupOffsets_t,
                                                   rd::Destroy<rd_kafka_ListConsumerGroupOffsets_destroy>>;
                   const Request request(rd_kafka_ListConsumerGroupOffsets_new(group.c_str(), list.get()));
                   const auto id = impl.park([reply = std::move(reply)](Answer answer) mutable {
                     if (answer.error && answer.error->code == Errc::kGroupIdNotFound)
                       return std::move(reply)(std::map<std::int32_t, std::int64_t>{});
                     if (answer.error) return std::move(reply)(std::unexpected(*std::move(answer.error)));
                     std::move(reply)(std::move(answer.offsets));
                   });
                   const auto options = impl.admin_options(RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, id);
                   auto* one = request.get();
                   rd_kafka_ListConsumerGroupOffsets(impl.admin.get(), &one, 1, options.get(), impl.background.get());
                 }));
}

}  // namespace tidemill::topics
