// Move-only promise to answer. Called exactly once; a Reply that is dropped answers with the error type's internal
// error, so that no client waits forever on a forgotten path.
#pragma once

#include <functional>
#include <utility>

#include "base/result.h"

namespace tidemill {

template <class T, class E = Error>
class Reply {
 public:
  using Value = Result<T, E>;

  explicit Reply(std::move_only_function<void(Value)> answer) : answer_(std::move(answer)) {}
  Reply(Reply&& other) noexcept : answer_(std::exchange(other.answer_, nullptr)) {}
  Reply& operator=(Reply&& other) noexcept {
    if (this != &other) {
      drop();
      answer_ = std::exchange(other.answer_, nullptr);
    }
    return *this;
  }
  ~Reply() { drop(); }

  void operator()(Value value) && { std::exchange(answer_, nullptr)(std::move(value)); }

  // A Reply for another value type, converted by `convert(U) -> Result<T, E>` or `-> T`; errors pass through.
  template <class U, class F>
  Reply<U, E> via(F convert) && {
    return Reply<U, E>([reply = std::move(*this), convert = std::move(convert)](Result<U, E> value) mutable {
      if (!value) return std::move(reply)(std::unexpected(std::move(value).error()));
      std::move(reply)(convert(*std::move(value)));
    });
  }

 private:
  void drop() {
    if (answer_) std::exchange(answer_, nullptr)(std::unexpected(E::internal("the reply was dropped")));
  }

  std::move_only_function<void(Value)> answer_;
};

}  // namespace tidemill
