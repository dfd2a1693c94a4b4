#include "topics/uuid.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace tidemill::topics {
namespace {

class Given : public runtime::Random {
 public:
  explicit Given(std::vector<std::string> draws) : draws_(std::move(draws)) {}
  std::string bytes(std::size_t) override { return draws_[drawn_++]; }
  std::size_t drawn() const { return drawn_; }

 private:
  std::vector<std::string> draws_;
  std::size_t drawn_ = 0;
};

TEST(Uuid, IsOfVersionFourAndBeginsWithNoDash) {
  Given random({std::string(16, '\xfb'), std::string(16, '\xf8'), std::string(16, '\xff')});
  const Uuid id = random_uuid(random);
  EXPECT_EQ(random.drawn(), 3u);
  EXPECT_EQ(to_base64_url(std::string_view(id.data(), id.size())), "________T_-__________w");
}

}  // namespace
}  // namespace tidemill::topics
