#include "api/awsjson/front.h"

#include <gtest/gtest.h>

#include <optional>

#include "api/awsjson/open_gate.h"
#include "runtime/sim/sim_loop.h"

namespace tidemill::awsjson {
namespace {

constexpr Shape kInput{.type = Type::kStructure, .name = "Input"};
std::vector<std::string> no_resources(const json::Node&, const Scope&) { return {}; }
constexpr OperationInfo kAnywhere{.name = "Anywhere",
                                  .iam_action = "test:Anywhere",
                                  .access = Access::kRead,
                                  .input = &kInput,
                                  .resources = no_resources,
                                  .any_loop = true};
constexpr OperationInfo kAtHome{.name = "AtHome",
                                .iam_action = "test:AtHome",
                                .access = Access::kControl,
                                .input = &kInput,
                                .resources = no_resources};

class Kept final : public Service {
 public:
  std::string_view target_prefix() const override { return "Test"; }
  std::span<const OperationInfo* const> operations() const override {
    static constexpr const OperationInfo* kAll[] = {&kAnywhere, &kAtHome};
    return kAll;
  }
  void run(Call call) override { kept = std::move(call); }
  std::optional<Call> kept;
};

// The connection's loop and the home loop, each run by hand.
class TwoLoops : public testing::Test {
 protected:
  void ask(std::string_view target) {
    struct Target final : http::Responder::Target {
      explicit Target(std::optional<http::Response>& to) : to(to) {}
      void respond(http::Response&& response) override { to = std::move(response); }
      std::unique_ptr<http::Responder::Stream> stream(http::Response) override { return nullptr; }
      void on_disconnect(std::move_only_function<void()>) override {}
      std::optional<http::Response>& to;
    };
    http::Request request{.method = "POST", .target = "/", .body = "{}"};
    request.headers.add("Content-Type", "application/x-amz-json-1.0");
    request.headers.add("X-Amz-Target", target);
    front_->handle(request, own_, http::Responder(std::make_unique<Target>(answered_)));
  }
  runtime::SimLoop home_, own_;
  runtime::SimRandom random_;
  OpenGate gate_;
  api::RequestIds ids_{random_};
  observe::Metrics metrics_;
  Kept service_;
  std::optional<http::Response> answered_;
  std::optional<Front> front_{
      std::in_place,
      Front::Dependencies{
          .gate = gate_, .ids = ids_, .clock = home_.clock(), .metrics = metrics_, .region = "", .home = &home_},
      std::vector<Service*>{&service_}};
};

TEST_F(TwoLoops, WhatRunsOnAnyLoopStaysOnTheConnections) {
  ask("Test.Anywhere");
  ASSERT_TRUE(service_.kept);
  EXPECT_EQ(&service_.kept->loop(), &own_);
  std::move(*service_.kept).answer("{}");
  EXPECT_TRUE(answered_);
}

TEST_F(TwoLoops, OtherOperationsRunAtHomeAndAreAnsweredWhereTheyWereAsked) {
  ask("Test.AtHome");
  own_.run_ready();
  EXPECT_FALSE(service_.kept);
  home_.run_ready();
  ASSERT_TRUE(service_.kept);
  EXPECT_EQ(&service_.kept->loop(), &home_);
  std::move(*service_.kept).answer("{}");
  home_.run_ready();
  EXPECT_FALSE(answered_);
  own_.run_ready();
  ASSERT_TRUE(answered_);
  EXPECT_EQ(answered_->status, 200);
}

TEST_F(TwoLoops, ACallThatIsDroppedAtHomeIsLetGoOfWhereItWasAsked) {
  ask("Test.AtHome");
  home_.run_ready();
  service_.kept.reset();
  EXPECT_FALSE(answered_);
  own_.run_ready();
  ASSERT_TRUE(answered_);
  EXPECT_EQ(answered_->status, 500);
}

TEST_F(TwoLoops, ACallThatOutlivesTheFrontAsksNoLoop) {
  for (const bool answer : {false, true}) {
    front_.emplace(
        Front::Dependencies{
            .gate = gate_, .ids = ids_, .clock = home_.clock(), .metrics = metrics_, .region = "", .home = &home_},
        std::vector<Service*>{&service_});
    ask("Test.AtHome");
    home_.run_ready();
    front_.reset();
    if (answer) std::move(*service_.kept).answer("{}");
    service_.kept.reset();
    EXPECT_FALSE(own_.run_ready());
  }
}

}  // namespace
}  // namespace tidemill::awsjson
