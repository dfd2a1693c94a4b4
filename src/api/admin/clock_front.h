// The virtual clock: moves the server's time forward, so that what takes hours (time to live, retention, retries,
// expiry) can be seen in a test. Mounted only when the server was told to have one.
#pragma once

#include "api/common/edge.h"
#include "auth/identity.h"
#include "http/message.h"
#include "runtime/executor.h"
#include "runtime/time.h"

namespace tidemill::admin {

class ClockFront {
 public:
  ClockFront(runtime::Loop& loop, runtime::VirtualTime& time, const auth::Identity& identity)
      : loop_(loop), time_(time), identity_(identity) {}
  void mount(api::Edge& edge);

  static constexpr std::string_view kPath = "/_admin/clock";

 private:
  void handle(http::Request request, http::Responder respond);

  runtime::Loop& loop_;
  runtime::VirtualTime& time_;
  const auth::Identity& identity_;
};

}  // namespace tidemill::admin
