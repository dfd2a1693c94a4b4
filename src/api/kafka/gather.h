// One answer from many parts: each part holds a share and fills its place in `response`; the answer leaves when the
// last share is let go.
#pragma once

#include <memory>

#include "api/kafka/call.h"

namespace tidemill::kafka {

template <class Api>
struct Gather {
  explicit Gather(Call<Api> c) : call(std::move(c)) {}
  ~Gather() { std::move(call).reply(response); }
  Call<Api> call;
  typename Api::Response response;
};

template <class Api>
std::shared_ptr<Gather<Api>> gather(Call<Api> call) {
  return std::make_shared<Gather<Api>>(std::move(call));
}

}  // namespace tidemill::kafka
