// What is to be deployed, read from disk: one template file, or a cloud assembly (cdk.out) with its stacks and their
// assets.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/files.h"

namespace tidemill::cli {

struct Asset {
  std::string name;        // "bucket/key", placeholders for account and region left in
  std::string path;        // file or folder
  bool is_folder = false;  // zipped when it is read
};

struct StackToDeploy {
  std::string name;
  std::string template_text;
  std::vector<Asset> assets;
};

// In the order of their dependencies. Errors name the file.
Result<std::vector<StackToDeploy>> read_stacks(runtime::Files& files, const std::string& path);

// The bytes to upload: a folder as a ZIP archive, the same bytes for the same files.
Result<std::string> read_asset(runtime::Files& files, const Asset& asset);

// "Notes.template.json" -> "Notes": a name that a stack may have.
std::string stack_name_of(const std::string& path);

}  // namespace tidemill::cli
