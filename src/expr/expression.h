// Everything that engines and fronts need of this folder.
#pragma once

#include "expr/cache.h"
#include "expr/condition.h"
#include "expr/key_condition.h"
#include "expr/legacy.h"
#include "expr/projection.h"
#include "expr/request.h"
#include "expr/substitutions.h"
#include "expr/update.h"
