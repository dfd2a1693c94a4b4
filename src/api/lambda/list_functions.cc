#include "api/lambda/operation.h"
#include "api/lambda/render.h"

namespace tidemill::lambda {
namespace {

using functions::Functions;

// A page holds at most fifty, whatever MaxItems says.
void run(Functions& functions, Call call, AnswerReply reply) {
  const auto version = call.query_or("FunctionVersion");
  if (!version.empty() && version != "ALL")
    return std::move(reply)(functions::fail(
        functions::Errc::kValidation,
        "1 validation error detected: Value '" + version +
            "' at 'functionVersion' failed to satisfy constraint: Member must satisfy enum value set: [ALL]"));
  functions::ListRequest request{.scope = call.scope, .marker = call.query_or("Marker"), .max_items = 50};
  if (const auto given = call.query_or("MaxItems"); !given.empty()) {
    const auto most = std::strtol(given.c_str(), nullptr, 10);
    if (most < 1 || most > 10'000)
      return std::move(reply)(functions::fail(
          functions::Errc::kValidation,
          "1 validation error detected: Value '" + given +
              "' at 'maxItems' failed to satisfy constraint: Member must have value between 1 and 10000"));
    request.max_items = static_cast<int>(std::min(most, 50L));
  }
  const auto page = functions.list(request);
  Answer answer;
  json::Writer out(answer.body);
  out.begin_object().key("Functions").begin_array();
  for (const auto& function : page.functions)
    write_configuration(out, function, version == "ALL" ? "$LATEST" : "", false);
  out.end_array();
  if (!page.next_marker.empty()) out.member("NextMarker", page.next_marker);
  out.end_object();
  std::move(reply)(std::move(answer));
}

}  // namespace

extern const Operation kListFunctions{.name = "ListFunctions",
                                      .method = "GET",
                                      .path = "/2015-03-31/functions",
                                      .iam_action = "lambda:ListFunctions",
                                      .run = run};

}  // namespace tidemill::lambda
