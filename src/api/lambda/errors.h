// The wire form of errors: the only place where the engine's codes become Lambda's exceptions.
#pragma once

#include "auth/error.h"
#include "functions/error.h"
#include "http/message.h"

namespace tidemill::lambda {

http::Response to_response(const functions::Error& error);
http::Response to_response(const auth::Error& error);
http::Response unknown_operation(std::string_view method, std::string_view path);

}  // namespace tidemill::lambda
