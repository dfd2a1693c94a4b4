// How the engine answers.
#pragma once

#include "base/reply.h"
#include "tables/error.h"

namespace tidemill::tables {

template <class T>
using Reply = tidemill::Reply<T, Error>;

}  // namespace tidemill::tables
