#include "api/lambda/operation.h"

namespace tidemill::lambda {
namespace {

using functions::Functions;

void tag(Functions& functions, Call call, AnswerReply reply) {
  auto tags = call.body.text_map("Tags");
  if (!tags) return std::move(reply)(std::unexpected(tags.error()));
  functions.tag(call.scope, call.labels[0], std::move(*tags).value_or(std::map<std::string, std::string>()),
                std::move(reply).via<bool>([](bool) -> Result<Answer> { return Answer{.status = 204, .body = {}}; }));
}

void untag(Functions& functions, Call call, AnswerReply reply) {
  std::vector<std::string> keys;
  for (const auto& parameter : call.query)
    if (parameter.name == "tagKeys") keys.push_back(parameter.value);
  functions.untag(call.scope, call.labels[0], keys,
                  std::move(reply).via<bool>([](bool) -> Result<Answer> { return Answer{.status = 204, .body = {}}; }));
}

void list(Functions& functions, Call call, AnswerReply reply) {
  const auto function = functions.get(call.scope, call.labels[0]);
  if (!function) return std::move(reply)(std::unexpected(function.error()));
  Answer answer;
  json::Writer out(answer.body);
  out.begin_object().key("Tags").begin_object();
  for (const auto& [key, value] : function->tags) out.member(key, value);
  out.end_object().end_object();
  std::move(reply)(std::move(answer));
}

}  // namespace

extern const Operation kTagResource{.name = "TagResource",
                                    .method = "POST",
                                    .path = "/2017-03-31/tags/{Resource}",
                                    .iam_action = "lambda:TagResource",
                                    .run = tag};
extern const Operation kUntagResource{.name = "UntagResource",
                                      .method = "DELETE",
                                      .path = "/2017-03-31/tags/{Resource}",
                                      .iam_action = "lambda:UntagResource",
                                      .run = untag};
extern const Operation kListTags{.name = "ListTags",
                                 .method = "GET",
                                 .path = "/2017-03-31/tags/{Resource}",
                                 .iam_action = "lambda:ListTags",
                                 .run = list};

}  // namespace tidemill::lambda
