// Calls that come one after the other, each when the one before has answered; the first error ends them.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "deploy/provider.h"

namespace tidemill::resources {

class Steps : public std::enable_shared_from_this<Steps> {
 public:
  using Done = std::move_only_function<void(std::expected<void, deploy::HandlerError>)>;
  using Step = std::move_only_function<void(Done)>;

  static std::shared_ptr<Steps> make() { return std::make_shared<Steps>(); }
  void add(Step step) { steps_.push_back(std::move(step)); }
  void run(Done done) {
    done_ = std::move(done);
    next();
  }

 private:
  void next() {
    if (at_ == steps_.size()) return done_({});
    auto step = std::move(steps_[at_++]);
    step([self = shared_from_this()](std::expected<void, deploy::HandlerError> result) {
      if (!result) return self->done_(std::move(result));
      self->next();
    });
  }
  std::vector<Step> steps_;
  std::size_t at_ = 0;
  Done done_;
};

// Answers the end of the steps: the outcome, or the error.
template <class MakeOutcome>
Steps::Done answer(Reply<deploy::Outcome, deploy::HandlerError> reply, MakeOutcome make) {
  return [reply = std::move(reply), make = std::move(make)](std::expected<void, deploy::HandlerError> result) mutable {
    if (!result) return std::move(reply)(std::unexpected(std::move(result).error()));
    std::move(reply)(make());
  };
}

}  // namespace tidemill::resources
