// librdkafka's objects as owners, and its errors as ours. Only the remote cluster includes this.
#pragma once

#include <librdkafka/rdkafka.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <utility>

#include "topics/errors.h"

namespace tidemill::topics::rd {

template <auto kDestroy>
struct Destroy {
  template <class T>
  void operator()(T* object) const {
    kDestroy(object);
  }
};
using Handle = std::unique_ptr<rd_kafka_t, Destroy<rd_kafka_destroy>>;
using Topic = std::unique_ptr<rd_kafka_topic_t, Destroy<rd_kafka_topic_destroy>>;
using Queue = std::unique_ptr<rd_kafka_queue_t, Destroy<rd_kafka_queue_destroy>>;
using Event = std::unique_ptr<rd_kafka_event_t, Destroy<rd_kafka_event_destroy>>;
using Partitions = std::unique_ptr<rd_kafka_topic_partition_list_t, Destroy<rd_kafka_topic_partition_list_destroy>>;
using Options = std::unique_ptr<rd_kafka_AdminOptions_t, Destroy<rd_kafka_AdminOptions_destroy>>;

// What librdkafka calls from its own threads.
struct Callbacks {
  void* self = nullptr;
  void (*log)(const rd_kafka_t*, int, const char*, const char*) = nullptr;
  void (*event)(rd_kafka_t*, rd_kafka_event_t*, void*) = nullptr;  // none: nothing is told
};

Result<Handle> open_handle(rd_kafka_type_t type, std::initializer_list<std::pair<const char*, std::string>> settings,
                           const Callbacks& callbacks);

// `message` none: librdkafka's own words.
Error to_error(rd_kafka_resp_err_t code, const char* message = nullptr);

}  // namespace tidemill::topics::rd
